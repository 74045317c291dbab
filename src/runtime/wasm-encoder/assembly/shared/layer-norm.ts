/** LayerNorm of rows, after adding what a layer gave to what it was given (AssemblyScript). */
import { madd, sumLanes } from "../math.ts";

/**
 * x = (x + y - mean) / sqrt(variance + eps) * gamma + beta, row by row.
 *
 * @param x f32 [rows][size], in and out; size a multiple of 4
 * @param y f32 [rows][size], or 0 for none
 */
export function layerNorm(x: usize, y: usize, rows: i32, size: i32, gamma: usize, beta: usize, eps: f32): void {
  const bytes = <usize>size * 4;
  const inverseSize: f32 = 1 / <f32>size;
  for (let row = 0; row < rows; row++) {
    let sum = f32x4.splat(0);
    if (y !== 0) {
      for (let at: usize = 0; at < bytes; at += 16) {
        const value = f32x4.add(v128.load(x + at), v128.load(y + at));
        v128.store(x + at, value);
        sum = f32x4.add(sum, value);
      }
      y += bytes;
    } else {
      for (let at: usize = 0; at < bytes; at += 16) sum = f32x4.add(sum, v128.load(x + at));
    }
    const mean = f32x4.splat(sumLanes(sum) * inverseSize);
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = f32x4.sub(v128.load(x + at), mean);
      squares = madd(value, value, squares);
    }
    const factor = f32x4.splat(1 / sqrt<f32>(sumLanes(squares) * inverseSize + eps));
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor);
      v128.store(x + at, madd(value, v128.load(gamma + at), v128.load(beta + at)));
    }
    x += bytes;
  }
}
