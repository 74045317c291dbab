import { describe, expect, it } from "vitest";
import { fastProduct, loadFastProduct } from "#training/fast-product.ts";
import { multiplyByTransposed, plainProduct, transpose } from "#training/matrix.ts";
import { Random } from "#training/random.ts";

const random = new Random(4);
const matrix = (length: number) => Float32Array.from({ length }, () => 2 * random.uniform() - 1);

describe("A Bᵀ", () => {
  it.each([
    [3, 5, 7],
    [2, 4, 4],
    [1, 1, 1],
    [0, 4, 3],
  ])("of [%i, k] and [%i, k], k = %i, is the sum of products", (rows, columns, inner) => {
    const [a, b, out] = [matrix(rows * inner), matrix(columns * inner), new Float32Array(rows * columns)];
    multiplyByTransposed(a, b, rows, columns, inner, out);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) sum += a[row * inner + k]! * b[column * inner + k]!;
        expect(out[row * columns + column]).toBeCloseTo(sum, 5);
      }
    }
  });

  // The last has more than one part of each operand.
  it.each([
    [64, 64, 64],
    [33, 61, 39],
    [7, 1001, 130],
    [258, 260, 4100],
  ])("of [%i, k] and [%i, k], k = %i, is the same on the WASM kernel as in plain loops", async (rows, columns, inner) => {
    await loadFastProduct();
    const [a, b] = [matrix(rows * inner), matrix(columns * inner)];
    const start = matrix(rows * columns);
    for (const add of [false, true]) {
      const [fast, plain] = [start.slice(), start.slice()];
      expect(fastProduct(a, b, rows, columns, inner, fast, add)).toBe(true);
      plainProduct(a, b, rows, columns, inner, plain, add);
      let worst = 0;
      for (let at = 0; at < plain.length; at++) worst = Math.max(worst, Math.abs(plain[at]! - fast[at]!));
      expect(worst).toBeLessThan(1e-4);
    }
  });
});

it("transposes", () => {
  expect([...transpose(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
});
