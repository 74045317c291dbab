import { expect, test } from "vitest";
import { growth } from "../../../bench/memory/trend.ts";

test("growth compares the second with the last quarter, and leaves warming up out", () => {
  expect(growth([500, 400, 100, 102, 101, 101, 110, 112])).toEqual({ quarters: [101, 111], megabytes: 10 });
  expect(growth([7]).quarters[1]).toBe(7);
});
