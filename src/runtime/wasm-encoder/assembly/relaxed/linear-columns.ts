/**
 * y = x W + b with 7-bit weights, one scale a column, and 8-bit activations (AssemblyScript, relaxed SIMD). For weights that are not stored in blocks.
 *
 * The products of two steps are summed in 16 bits, which the guard of quantiseColumns keeps from overflowing. Both functions give the same numbers.
 */
import { madd } from "../math.ts";

/**
 * @param act i8 [rows / 4][inputs / 4][4][4], with offsets and rowScales as quantiseColumns gives them; inputs a multiple of 16
 * @param weights u8 [outputs / 8][inputs / 4][8][4]: 1 to 127, meaning -63 to 63
 * @param scales f32 [outputs]
 * @param bias f32 [outputs]; outputs a multiple of 8
 * @param sums f32 [outputs]: the sum of each output's weights, which a row's centre is multiplied by
 * @param out f32 [rows], rows outStride bytes apart
 */
export function linearColumns(
  act: usize,
  offsets: usize,
  rowScales: usize,
  rows: i32,
  weights: usize,
  scales: usize,
  bias: usize,
  sums: usize,
  inputs: i32,
  outputs: i32,
  out: usize,
  outStride: usize,
): void {
  const ones = i16x8.splat(1);
  const last = rows - 1;
  const columnBytes = <usize>inputs * 8;
  for (let column = 0; column < outputs; column += 8) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    const c0 = v128.load(sums);
    const c1 = v128.load(sums, 16);
    const s0 = v128.load(scales);
    const s1 = v128.load(scales, 16);
    let a = act;
    for (let row = 0; row < rows; row += 4) {
      let i00 = v128.load32_splat(offsets + <usize>row * 4);
      let i01 = i00;
      let i10 = v128.load32_splat(offsets + <usize>row * 4, 4);
      let i11 = i10;
      let i20 = v128.load32_splat(offsets + <usize>row * 4, 8);
      let i21 = i20;
      let i30 = v128.load32_splat(offsets + <usize>row * 4, 12);
      let i31 = i30;
      const end = weights + columnBytes;
      for (let w = weights; w < end; w += 64) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        const w2 = v128.load(w, 32);
        const w3 = v128.load(w, 48);
        let v = v128.load32_splat(a);
        let u = v128.load32_splat(a, 16);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w0), v128.relaxed_dot<i16>(u, w2)), ones));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w1), v128.relaxed_dot<i16>(u, w3)), ones));
        v = v128.load32_splat(a, 4);
        u = v128.load32_splat(a, 20);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w0), v128.relaxed_dot<i16>(u, w2)), ones));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w1), v128.relaxed_dot<i16>(u, w3)), ones));
        v = v128.load32_splat(a, 8);
        u = v128.load32_splat(a, 24);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w0), v128.relaxed_dot<i16>(u, w2)), ones));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w1), v128.relaxed_dot<i16>(u, w3)), ones));
        v = v128.load32_splat(a, 12);
        u = v128.load32_splat(a, 28);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w0), v128.relaxed_dot<i16>(u, w2)), ones));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(i16x8.add(v128.relaxed_dot<i16>(v, w1), v128.relaxed_dot<i16>(u, w3)), ones));
        a += 32;
      }
      // Past the end the last row is repeated, and stored again.
      const r1 = min(row + 1, last);
      const r2 = min(row + 2, last);
      const r3 = min(row + 3, last);
      const y0 = out + <usize>row * outStride;
      const y1 = out + <usize>r1 * outStride;
      const y2 = out + <usize>r2 * outStride;
      const y3 = out + <usize>r3 * outStride;
      let rowScale = v128.load32_splat(rowScales + <usize>row * 8);
      let centre = v128.load32_splat(rowScales + <usize>row * 8, 4);
      v128.store(y0, madd(f32x4.convert_i32x4_s(i00), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y0, madd(f32x4.convert_i32x4_s(i01), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r1 * 8);
      centre = v128.load32_splat(rowScales + <usize>r1 * 8, 4);
      v128.store(y1, madd(f32x4.convert_i32x4_s(i10), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y1, madd(f32x4.convert_i32x4_s(i11), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r2 * 8);
      centre = v128.load32_splat(rowScales + <usize>r2 * 8, 4);
      v128.store(y2, madd(f32x4.convert_i32x4_s(i20), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y2, madd(f32x4.convert_i32x4_s(i21), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r3 * 8);
      centre = v128.load32_splat(rowScales + <usize>r3 * 8, 4);
      v128.store(y3, madd(f32x4.convert_i32x4_s(i30), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y3, madd(f32x4.convert_i32x4_s(i31), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
    }
    weights += columnBytes;
    scales += 32;
    bias += 32;
    sums += 32;
    out += 32;
  }
}

/** The same with one instruction for product and sum, which newer processors have (VNNI, ARM's dot products). */
export function linearColumnsDot(
  act: usize,
  offsets: usize,
  rowScales: usize,
  rows: i32,
  weights: usize,
  scales: usize,
  bias: usize,
  sums: usize,
  inputs: i32,
  outputs: i32,
  out: usize,
  outStride: usize,
): void {
  const last = rows - 1;
  const columnBytes = <usize>inputs * 8;
  for (let column = 0; column < outputs; column += 8) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    const c0 = v128.load(sums);
    const c1 = v128.load(sums, 16);
    const s0 = v128.load(scales);
    const s1 = v128.load(scales, 16);
    let a = act;
    for (let row = 0; row < rows; row += 4) {
      let i00 = v128.load32_splat(offsets + <usize>row * 4);
      let i01 = i00;
      let i10 = v128.load32_splat(offsets + <usize>row * 4, 4);
      let i11 = i10;
      let i20 = v128.load32_splat(offsets + <usize>row * 4, 8);
      let i21 = i20;
      let i30 = v128.load32_splat(offsets + <usize>row * 4, 12);
      let i31 = i30;
      const end = weights + columnBytes;
      for (let w = weights; w < end; w += 32) {
        const w0 = v128.load(w);
        const w1 = v128.load(w, 16);
        let v = v128.load32_splat(a);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 4);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 8);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 12);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        a += 16;
      }
      // Past the end the last row is repeated, and stored again.
      const r1 = min(row + 1, last);
      const r2 = min(row + 2, last);
      const r3 = min(row + 3, last);
      const y0 = out + <usize>row * outStride;
      const y1 = out + <usize>r1 * outStride;
      const y2 = out + <usize>r2 * outStride;
      const y3 = out + <usize>r3 * outStride;
      let rowScale = v128.load32_splat(rowScales + <usize>row * 8);
      let centre = v128.load32_splat(rowScales + <usize>row * 8, 4);
      v128.store(y0, madd(f32x4.convert_i32x4_s(i00), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y0, madd(f32x4.convert_i32x4_s(i01), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r1 * 8);
      centre = v128.load32_splat(rowScales + <usize>r1 * 8, 4);
      v128.store(y1, madd(f32x4.convert_i32x4_s(i10), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y1, madd(f32x4.convert_i32x4_s(i11), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r2 * 8);
      centre = v128.load32_splat(rowScales + <usize>r2 * 8, 4);
      v128.store(y2, madd(f32x4.convert_i32x4_s(i20), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y2, madd(f32x4.convert_i32x4_s(i21), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r3 * 8);
      centre = v128.load32_splat(rowScales + <usize>r3 * 8, 4);
      v128.store(y3, madd(f32x4.convert_i32x4_s(i30), f32x4.mul(rowScale, s0), madd(centre, c0, b0)));
      v128.store(y3, madd(f32x4.convert_i32x4_s(i31), f32x4.mul(rowScale, s1), madd(centre, c1, b1)), 16);
    }
    weights += columnBytes;
    scales += 32;
    bias += 32;
    sums += 32;
    out += 32;
  }
}
