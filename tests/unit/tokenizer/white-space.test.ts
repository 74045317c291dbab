import { expect, it } from "vitest";
import { isWhiteSpace, WHITE_SPACE } from "#tokenizer/white-space.ts";

it("white space is the Unicode property White_Space", () => {
  const property = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint).filter((codePoint) =>
    /^\p{White_Space}$/u.test(String.fromCodePoint(codePoint)),
  );
  expect(WHITE_SPACE).toEqual(property);
  expect(Array.from({ length: 0x10000 }, (_, unit) => unit).filter(isWhiteSpace)).toEqual(property);
});
