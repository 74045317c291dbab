/**
 * Products of row-major matrices: all are brought into the form A Bᵀ (dot products of rows), which reads memory in order; the others cost a transposition.
 *
 * float32 goes to the WASM kernel where that is loaded. The plain loops have tiles of two by four dot products, which keep eight sums in registers; they sum
 * in float64, and arrays of float64 give float64 throughout, which is what the checks against finite differences use.
 */

import { fastProduct } from "./fast-product.ts";

/** Numbers of a matrix: float32 to train, float64 to check gradients. */
export type Floats = Float32Array | Float64Array;

/** Numbers of the same kind as another array's, all 0. */
export function zerosLike(like: Floats, length: number): Floats {
  return like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

/**
 * `out` [rows, columns] = A Bᵀ, or `out` += A Bᵀ.
 * @param a [rows, inner]
 * @param b [columns, inner]
 */
export function multiplyByTransposed(a: Floats, b: Floats, rows: number, columns: number, inner: number, out: Floats, add = false): void {
  if (a instanceof Float32Array && b instanceof Float32Array && out instanceof Float32Array && fastProduct(a, b, rows, columns, inner, out, add)) return;
  plainProduct(a, b, rows, columns, inner, out, add);
}

/** The same in plain loops: the reference, float64's way, and what small products take. */
export function plainProduct(a: Floats, b: Floats, rows: number, columns: number, inner: number, out: Floats, add: boolean): void {
  const evenRows = rows - (rows % 2);
  const fourColumns = columns - (columns % 4);
  if (!add) out.fill(0, 0, rows * columns);
  for (let row = 0; row < evenRows; row += 2) {
    const a0 = row * inner;
    const a1 = a0 + inner;
    const to0 = row * columns;
    const to1 = to0 + columns;
    for (let column = 0; column < fourColumns; column += 4) {
      const b0 = column * inner;
      const b1 = b0 + inner;
      const b2 = b1 + inner;
      const b3 = b2 + inner;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let k = 0; k < inner; k++) {
        const x0 = a[a0 + k]!;
        const x1 = a[a1 + k]!;
        const y0 = b[b0 + k]!;
        const y1 = b[b1 + k]!;
        const y2 = b[b2 + k]!;
        const y3 = b[b3 + k]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      out[to0 + column]! += s00;
      out[to0 + column + 1]! += s01;
      out[to0 + column + 2]! += s02;
      out[to0 + column + 3]! += s03;
      out[to1 + column]! += s10;
      out[to1 + column + 1]! += s11;
      out[to1 + column + 2]! += s12;
      out[to1 + column + 3]! += s13;
    }
    for (let column = fourColumns; column < columns; column++) {
      out[to0 + column]! += dot(a, a0, b, column * inner, inner);
      out[to1 + column]! += dot(a, a1, b, column * inner, inner);
    }
  }
  if (evenRows === rows) return;
  for (let column = 0; column < columns; column++) out[evenRows * columns + column]! += dot(a, evenRows * inner, b, column * inner, inner);
}

/** The dot product of `length` numbers of each. */
export function dot(a: Floats, aStart: number, b: Floats, bStart: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += a[aStart + k]! * b[bStart + k]!;
  return sum;
}

/** A [rows, columns] as [columns, rows]. */
export function transpose(a: Floats, rows: number, columns: number): Floats {
  const out = zerosLike(a, rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    for (let column = 0; column < columns; column++) out[column * rows + row] = a[from + column]!;
  }
  return out;
}
