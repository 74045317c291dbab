import { expect, it } from "vitest";
import { LazyBytes, lazyParts } from "#graph/lazy-bytes.ts";

it("looks like the bytes that it will make", () => {
  let made = 0;
  const bytes = new LazyBytes(4, () => {
    made++;
    return Uint8Array.of(1, 2, 3, 4);
  });
  expect(bytes).toBeInstanceOf(Uint8Array);
  expect([bytes.byteLength, bytes.length, made]).toEqual([4, 4, 0]);
  expect(bytes.subarray(1, 3)).toEqual(Uint8Array.of(2, 3));
  expect(bytes.subarray()).toEqual(Uint8Array.of(1, 2, 3, 4));
});

it("makes what belongs together once, and lets go of it when all was read", () => {
  let made = 0;
  const parts = lazyParts([2, 1], () => {
    made++;
    return [Uint8Array.of(1, 2), Uint8Array.of(3)];
  });
  expect(made).toBe(0);
  expect(parts[1]!.subarray()).toEqual(Uint8Array.of(3));
  expect(parts[0]!.subarray()).toEqual(Uint8Array.of(1, 2));
  expect(made).toBe(1);
  expect(parts[0]!.subarray()).toEqual(Uint8Array.of(1, 2));
  expect(made).toBe(2);
});
