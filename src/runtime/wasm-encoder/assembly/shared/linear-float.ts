/** y = x W + b in float32 (AssemblyScript): the path for parity with the reference, and for heads. */
import { madd } from "../math.ts";

/**
 * @param x f32 [rows][xStride / 4]
 * @param xStride bytes from a row to the next, as outStride
 * @param weights f32 [outputs / 8][inputs][8]; outputs a multiple of 8
 * @param bias f32 [outputs]
 * @param relu 1 to cut negative results
 * @param out f32 [rows][outStride / 4], not overlapping x
 */
export function linearFloat(
  x: usize,
  xStride: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  weights: usize,
  bias: usize,
  relu: i32,
  out: usize,
  outStride: usize,
): void {
  const last = rows - 1;
  const floor = f32x4.splat(relu !== 0 ? 0 : -f32.MAX_VALUE);
  const columnBytes = <usize>inputs * 32;
  for (let column = 0; column < outputs; column += 8) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    for (let row = 0; row < rows; row += 4) {
      // Past the end the last row is repeated, and stored again.
      const r1 = min(row + 1, last);
      const r2 = min(row + 2, last);
      const r3 = min(row + 3, last);
      let x0 = x + <usize>row * xStride;
      let x1 = x + <usize>r1 * xStride;
      let x2 = x + <usize>r2 * xStride;
      let x3 = x + <usize>r3 * xStride;
      let a00 = b0;
      let a01 = b1;
      let a10 = b0;
      let a11 = b1;
      let a20 = b0;
      let a21 = b1;
      let a30 = b0;
      let a31 = b1;
      const end = weights + columnBytes;
      for (let w = weights; w < end; w += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        let v = v128.load32_splat(x0);
        a00 = madd(v, w0, a00);
        a01 = madd(v, w1, a01);
        v = v128.load32_splat(x1);
        a10 = madd(v, w0, a10);
        a11 = madd(v, w1, a11);
        v = v128.load32_splat(x2);
        a20 = madd(v, w0, a20);
        a21 = madd(v, w1, a21);
        v = v128.load32_splat(x3);
        a30 = madd(v, w0, a30);
        a31 = madd(v, w1, a31);
        x0 += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
      }
      const y0 = out + <usize>row * outStride;
      const y1 = out + <usize>r1 * outStride;
      const y2 = out + <usize>r2 * outStride;
      const y3 = out + <usize>r3 * outStride;
      v128.store(y0, f32x4.max(a00, floor));
      v128.store(y0, f32x4.max(a01, floor), 16);
      v128.store(y1, f32x4.max(a10, floor));
      v128.store(y1, f32x4.max(a11, floor), 16);
      v128.store(y2, f32x4.max(a20, floor));
      v128.store(y2, f32x4.max(a21, floor), 16);
      v128.store(y3, f32x4.max(a30, floor));
      v128.store(y3, f32x4.max(a31, floor), 16);
    }
    weights += columnBytes;
    bias += 32;
    out += 32;
  }
}
