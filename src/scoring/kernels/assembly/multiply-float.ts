/**
 * Dot products of all rows of one float32 matrix with all rows of another (AssemblyScript, plain SIMD): A Bᵀ in tiles of two by four, eight accumulators.
 * The reference is the plain loop in training/matrix.ts.
 */

/**
 * @param a f32 [rows][inner]; rows even, inner a multiple of 4 (fill up with zeros)
 * @param b f32 [columns][inner]; columns a multiple of 4
 * @param out f32 [rows][columns]
 */
export function multiplyFloat(a: usize, b: usize, rows: i32, columns: i32, inner: i32, out: usize): void {
  const stride: usize = <usize>inner * 4;
  const outStride: usize = <usize>columns * 4;
  for (let row = 0; row < rows; row += 2) {
    const a0: usize = a + <usize>row * stride;
    const a1: usize = a0 + stride;
    let to: usize = out + <usize>row * outStride;
    let b0: usize = b;
    for (let column = 0; column < columns; column += 4) {
      const b1: usize = b0 + stride;
      const b2: usize = b1 + stride;
      const b3: usize = b2 + stride;
      let s00 = f32x4.splat(0);
      let s01 = f32x4.splat(0);
      let s02 = f32x4.splat(0);
      let s03 = f32x4.splat(0);
      let s10 = f32x4.splat(0);
      let s11 = f32x4.splat(0);
      let s12 = f32x4.splat(0);
      let s13 = f32x4.splat(0);
      for (let k: usize = 0; k < stride; k += 16) {
        const x = v128.load(a0 + k);
        const y = v128.load(a1 + k);
        let w = v128.load(b0 + k);
        s00 = f32x4.add(s00, f32x4.mul(w, x));
        s10 = f32x4.add(s10, f32x4.mul(w, y));
        w = v128.load(b1 + k);
        s01 = f32x4.add(s01, f32x4.mul(w, x));
        s11 = f32x4.add(s11, f32x4.mul(w, y));
        w = v128.load(b2 + k);
        s02 = f32x4.add(s02, f32x4.mul(w, x));
        s12 = f32x4.add(s12, f32x4.mul(w, y));
        w = v128.load(b3 + k);
        s03 = f32x4.add(s03, f32x4.mul(w, x));
        s13 = f32x4.add(s13, f32x4.mul(w, y));
      }
      // Four sums of four lanes each become one vector: column c in lane c.
      let low = f32x4.add(v128.shuffle<i32>(s00, s01, 0, 4, 1, 5), v128.shuffle<i32>(s00, s01, 2, 6, 3, 7));
      let high = f32x4.add(v128.shuffle<i32>(s02, s03, 0, 4, 1, 5), v128.shuffle<i32>(s02, s03, 2, 6, 3, 7));
      v128.store(to, f32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7)));
      low = f32x4.add(v128.shuffle<i32>(s10, s11, 0, 4, 1, 5), v128.shuffle<i32>(s10, s11, 2, 6, 3, 7));
      high = f32x4.add(v128.shuffle<i32>(s12, s13, 0, 4, 1, 5), v128.shuffle<i32>(s12, s13, 2, 6, 3, 7));
      v128.store(to + outStride, f32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7)));
      to += 16;
      b0 = b3 + stride;
    }
  }
}
