import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Blocks4, dequantiseBlocks4, quantiseBlocks4 } from "#builder/quantise/blocks4.ts";
import { addSquaredErrors, relativeError } from "#builder/quantise/relative-error.ts";
import { dequantiseRows8, quantiseRows8 } from "#builder/quantise/rows8.ts";
import { float16ToNumber } from "#core/float16.ts";
import { formulaValues } from "./memory-folder.ts";

/** Sums of four uniform numbers: near enough to the bell shape of weights. */
function bellShaped(count: number, scale: number): Float32Array<ArrayBuffer> {
  const uniform = formulaValues("embeddings.test", [count * 4, 1]);
  return Float32Array.from({ length: count }, (_, index) => scale * [0, 1, 2, 3].reduce((sum, part) => sum + uniform[index * 4 + part]!, 0));
}

/** The plain way: largest magnitude to 7, in wide precision. */
function plainError(values: Float32Array): number {
  let sum = 0;
  for (let start = 0; start < values.length; start += 32) {
    const block = [...values.slice(start, start + 32)];
    const scale = Math.max(...block.map(Math.abs)) / 7;
    for (const value of block) sum += (value - Math.max(-8, Math.min(7, Math.round(value / scale))) * scale) ** 2;
  }
  return sum;
}

function squaredError(values: Float32Array, quantised: Blocks4): number {
  const rounded = dequantiseBlocks4(quantised);
  return values.reduce((sum, value, index) => sum + (value - rounded[index]!) ** 2, 0);
}

describe("quantiseRows8", () => {
  it("is off by at most half a step of each row, the step being its largest magnitude over 127", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e10, max: 1e10 }), { minLength: 12, maxLength: 12 }), (numbers) => {
        const values = Float32Array.from(numbers);
        const quantised = quantiseRows8(values, 3, 4);
        const rounded = dequantiseRows8(quantised);
        values.forEach((value, index) => {
          const row = values.slice(Math.floor(index / 4) * 4, Math.floor(index / 4) * 4 + 4);
          const step = Math.max(...row.map(Math.abs)) / 127;
          // Below the smallest normal float32 the scale itself is rounded.
          expect(Math.abs(value - rounded[index]!)).toBeLessThanOrEqual(step * 0.5001 + 128 * 2 ** -149);
        });
      }),
    );
  });

  it("keeps multiples of the step exactly, and rows of zeros", () => {
    const values = Float32Array.from([127, -127, 64, 1, 0, 0, 0, 0, 0.25 * 127, -0.25, 0, 0.5]);
    expect(dequantiseRows8(quantiseRows8(values, 3, 4))).toEqual(values);
  });

  it("has a relative error below 1 % on bell-shaped rows", () => {
    const values = bellShaped(64 * 384, 0.03);
    const error = { squaredDifferences: 0, squaredValues: 0 };
    addSquaredErrors(error, values, quantiseRows8(values, 64, 384));
    expect(relativeError(error)).toBeLessThan(0.01);
    expect(relativeError(error)).toBeGreaterThan(0.001);
  });
});

describe("quantiseBlocks4", () => {
  it("is never worse than the largest magnitude over 7, but for rounding that scale to float16", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), { minLength: 32, maxLength: 32 }), (numbers) => {
        const values = Float32Array.from(numbers);
        const energy = values.reduce((sum, value) => sum + value * value, 0);
        // A scale that is off by 2^-11 moves the 32 errors (each within half a step) by at most 8 steps times 2^-11; subnormal ones are off by 2^-25.
        expect(squaredError(values, quantiseBlocks4(values, 1, 32))).toBeLessThanOrEqual(plainError(values) + energy * 2 ** -8 + 2 ** -38);
      }),
    );
  });

  it("loses clearly less than the plain way on bell-shaped weights", () => {
    const values = bellShaped(128 * 384, 0.03);
    const quantised = quantiseBlocks4(values, 128, 384);
    expect(squaredError(values, quantised)).toBeLessThan(0.8 * plainError(values));
    const error = { squaredDifferences: 0, squaredValues: 0 };
    addSquaredErrors(error, values, quantised);
    expect(relativeError(error)).toBeLessThan(0.09);
  });

  it("puts column 2j into the low nibble and 2j + 1 into the high one, eight standing for zero", () => {
    const levels = Array.from({ length: 32 }, (_, index) => (index % 16) - 8);
    const { nibbles, scales } = quantiseBlocks4(Float32Array.from(levels), 1, 32);
    expect(float16ToNumber(scales[0]!)).toBe(1);
    expect([...nibbles].flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8])).toEqual(levels);
  });

  it("keeps what is exact: blocks that were rounded once, in either sign", () => {
    for (const sign of [1, -1]) {
      const values = Float32Array.from({ length: 64 }, (_, index) => sign * ((index % 16) - 8) * 0.375);
      expect(dequantiseBlocks4(quantiseBlocks4(values, 2, 32))).toEqual(values);
    }
  });

  it("keeps zeros, and takes magnitudes below the least float16 for zeros", () => {
    const quantised = quantiseBlocks4(
      Float32Array.from({ length: 64 }, (_, index) => (index < 32 ? 0 : 1e-12)),
      2,
      32,
    );
    expect(dequantiseBlocks4(quantised)).toEqual(new Float32Array(64));
    expect([...quantised.nibbles]).toEqual(Array(32).fill(0x88));
  });

  it("refuses columns that are no multiple of 32", () => {
    expect(() => quantiseBlocks4(new Float32Array(33), 1, 33)).toThrow("no multiple of 32");
  });
});
