import { expect, it } from "vitest";
import { decodeFloat16, float16ToNumber, numberToFloat16 } from "#core/float16.ts";

/** As numpy casts float32 to float16. */
it.each([
  [0.1, 0x2e66],
  [1 / 3, 0x3555],
  [65504, 0x7bff],
  [65519.996, 0x7bff],
  [65520, 0x7c00],
  [1e30, 0x7c00],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.0000002, 0x0001],
  [6.1e-5, 0x03ff],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [-Math.E, 0xc170],
  [Number.NEGATIVE_INFINITY, 0xfc00],
])("rounds %d to the nearest half", (value, bits) => {
  expect(numberToFloat16(value)).toBe(bits);
});

it("gives back all halves that are numbers, and NaN for NaN", () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = float16ToNumber(bits);
    if (Number.isNaN(value)) expect(float16ToNumber(numberToFloat16(value))).toBeNaN();
    else if (numberToFloat16(value) !== bits) expect.fail(`0x${bits.toString(16)} comes back as 0x${numberToFloat16(value).toString(16)}`);
  }
});

it("decodes many at once", () => {
  expect([...decodeFloat16(Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x7c00]))]).toEqual([1, -2, 2 ** -24, Number.POSITIVE_INFINITY]);
});
