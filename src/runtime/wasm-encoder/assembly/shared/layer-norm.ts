/** LayerNorm of rows, after adding what a layer gave to what it was given (AssemblyScript). */
import { madd, sumLanes } from "../math.ts";

/**
 * x = (x + y - mean) / sqrt(variance + eps) * gamma + beta, row by row.
 *
 * @param x f32 [rows][size], in and out; size a multiple of 8
 * @param y f32 [rows][size], or 0 for none
 */
export function layerNorm(x: usize, y: usize, rows: i32, size: i32, gamma: usize, beta: usize, eps: f32): void {
  const bytes = <usize>size * 4;
  const inverseSize: f32 = 1 / <f32>size;
  for (let row = 0; row < rows; row++) {
    // Two sums each, for an addition takes longer than to begin the next.
    let sum = f32x4.splat(0);
    let sum2 = f32x4.splat(0);
    if (y !== 0) {
      for (let at: usize = 0; at < bytes; at += 32) {
        const value = f32x4.add(v128.load(x + at), v128.load(y + at));
        const next = f32x4.add(v128.load(x + at, 16), v128.load(y + at, 16));
        v128.store(x + at, value);
        v128.store(x + at, next, 16);
        sum = f32x4.add(sum, value);
        sum2 = f32x4.add(sum2, next);
      }
      y += bytes;
    } else {
      for (let at: usize = 0; at < bytes; at += 32) {
        sum = f32x4.add(sum, v128.load(x + at));
        sum2 = f32x4.add(sum2, v128.load(x + at, 16));
      }
    }
    const mean = f32x4.splat(sumLanes(f32x4.add(sum, sum2)) * inverseSize);
    let squares = f32x4.splat(0);
    let squares2 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 32) {
      const value = f32x4.sub(v128.load(x + at), mean);
      const next = f32x4.sub(v128.load(x + at, 16), mean);
      squares = madd(value, value, squares);
      squares2 = madd(next, next, squares2);
    }
    squares = f32x4.add(squares, squares2);
    const factor = f32x4.splat(1 / sqrt<f32>(sumLanes(squares) * inverseSize + eps));
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor);
      v128.store(x + at, madd(value, v128.load(gamma + at), v128.load(beta + at)));
    }
    x += bytes;
  }
}
