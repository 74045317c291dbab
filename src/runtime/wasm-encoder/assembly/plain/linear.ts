/**
 * y = x W + b with int8 weights and 11-bit activations (AssemblyScript, plain SIMD): for browsers without relaxed SIMD. Weights are widened as they are
 * loaded, and products summed in 32 bits, so nothing can overflow.
 */
import { madd } from "../math.ts";

/**
 * Weights of 4 bits as the artefact has them, one scale a block of 32 inputs.
 *
 * @param act i16 [rows / 4][inputs / 2][4][2], with rowScales as quantiseBlocks gives them
 * @param weights i8 [outputs / 8][inputs / 2][8][2]
 * @param scales f32 [outputs / 8][inputs / 32][8]
 * @param bias f32 [outputs]; outputs a multiple of 8
 * @param out f32 [rows], rows outStride bytes apart
 */
export function linearBlocks(
  act: usize,
  _offsets: usize,
  rowScales: usize,
  rows: i32,
  weights: usize,
  scales: usize,
  bias: usize,
  _sums: usize,
  inputs: i32,
  outputs: i32,
  out: usize,
  outStride: usize,
): void {
  const last = rows - 1;
  const columnBytes = <usize>inputs * 8;
  const scaleBytes = <usize>inputs;
  for (let column = 0; column < outputs; column += 8) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    let a = act;
    for (let row = 0; row < rows; row += 4) {
      let w = weights;
      let s = scales;
      let f00 = f32x4.splat(0);
      let f01 = f32x4.splat(0);
      let f10 = f32x4.splat(0);
      let f11 = f32x4.splat(0);
      let f20 = f32x4.splat(0);
      let f21 = f32x4.splat(0);
      let f30 = f32x4.splat(0);
      let f31 = f32x4.splat(0);
      for (const end = w + columnBytes; w < end; ) {
        let i00 = i32x4.splat(0);
        let i01 = i32x4.splat(0);
        let i10 = i32x4.splat(0);
        let i11 = i32x4.splat(0);
        let i20 = i32x4.splat(0);
        let i21 = i32x4.splat(0);
        let i30 = i32x4.splat(0);
        let i31 = i32x4.splat(0);
        for (const blockEnd = w + 256; w < blockEnd; w += 16) {
          const w0 = v128.load_ext<i8>(w);
          const w1 = v128.load_ext<i8>(w, 8);
          let v = v128.load32_splat(a);
          i00 = i32x4.add(i00, i32x4.dot_i16x8_s(v, w0));
          i01 = i32x4.add(i01, i32x4.dot_i16x8_s(v, w1));
          v = v128.load32_splat(a, 4);
          i10 = i32x4.add(i10, i32x4.dot_i16x8_s(v, w0));
          i11 = i32x4.add(i11, i32x4.dot_i16x8_s(v, w1));
          v = v128.load32_splat(a, 8);
          i20 = i32x4.add(i20, i32x4.dot_i16x8_s(v, w0));
          i21 = i32x4.add(i21, i32x4.dot_i16x8_s(v, w1));
          v = v128.load32_splat(a, 12);
          i30 = i32x4.add(i30, i32x4.dot_i16x8_s(v, w0));
          i31 = i32x4.add(i31, i32x4.dot_i16x8_s(v, w1));
          a += 16;
        }
        const s0 = v128.load(s);
        const s1 = v128.load(s, 16);
        f00 = madd(f32x4.convert_i32x4_s(i00), s0, f00);
        f01 = madd(f32x4.convert_i32x4_s(i01), s1, f01);
        f10 = madd(f32x4.convert_i32x4_s(i10), s0, f10);
        f11 = madd(f32x4.convert_i32x4_s(i11), s1, f11);
        f20 = madd(f32x4.convert_i32x4_s(i20), s0, f20);
        f21 = madd(f32x4.convert_i32x4_s(i21), s1, f21);
        f30 = madd(f32x4.convert_i32x4_s(i30), s0, f30);
        f31 = madd(f32x4.convert_i32x4_s(i31), s1, f31);
        s += 32;
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
      v128.store(y0, madd(f00, rowScale, b0));
      v128.store(y0, madd(f01, rowScale, b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r1 * 8);
      v128.store(y1, madd(f10, rowScale, b0));
      v128.store(y1, madd(f11, rowScale, b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r2 * 8);
      v128.store(y2, madd(f20, rowScale, b0));
      v128.store(y2, madd(f21, rowScale, b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r3 * 8);
      v128.store(y3, madd(f30, rowScale, b0));
      v128.store(y3, madd(f31, rowScale, b1), 16);
    }
    weights += columnBytes;
    scales += scaleBytes;
    bias += 32;
    out += 32;
  }
}

/**
 * Weights of 8 bits with one scale a column.
 *
 * @param scales f32 [outputs]
 */
export function linearBytes(
  act: usize,
  _offsets: usize,
  rowScales: usize,
  rows: i32,
  weights: usize,
  scales: usize,
  bias: usize,
  _sums: usize,
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
    const s0 = v128.load(scales);
    const s1 = v128.load(scales, 16);
    let a = act;
    for (let row = 0; row < rows; row += 4) {
      let i00 = i32x4.splat(0);
      let i01 = i32x4.splat(0);
      let i10 = i32x4.splat(0);
      let i11 = i32x4.splat(0);
      let i20 = i32x4.splat(0);
      let i21 = i32x4.splat(0);
      let i30 = i32x4.splat(0);
      let i31 = i32x4.splat(0);
      const end = weights + columnBytes;
      for (let w = weights; w < end; w += 16) {
        const w0 = v128.load_ext<i8>(w);
        const w1 = v128.load_ext<i8>(w, 8);
        let v = v128.load32_splat(a);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(v, w0));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(v, w1));
        v = v128.load32_splat(a, 4);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(v, w0));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(v, w1));
        v = v128.load32_splat(a, 8);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(v, w0));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(v, w1));
        v = v128.load32_splat(a, 12);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(v, w0));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(v, w1));
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
      v128.store(y0, madd(f32x4.convert_i32x4_s(i00), f32x4.mul(rowScale, s0), b0));
      v128.store(y0, madd(f32x4.convert_i32x4_s(i01), f32x4.mul(rowScale, s1), b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r1 * 8);
      v128.store(y1, madd(f32x4.convert_i32x4_s(i10), f32x4.mul(rowScale, s0), b0));
      v128.store(y1, madd(f32x4.convert_i32x4_s(i11), f32x4.mul(rowScale, s1), b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r2 * 8);
      v128.store(y2, madd(f32x4.convert_i32x4_s(i20), f32x4.mul(rowScale, s0), b0));
      v128.store(y2, madd(f32x4.convert_i32x4_s(i21), f32x4.mul(rowScale, s1), b1), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r3 * 8);
      v128.store(y3, madd(f32x4.convert_i32x4_s(i30), f32x4.mul(rowScale, s0), b0));
      v128.store(y3, madd(f32x4.convert_i32x4_s(i31), f32x4.mul(rowScale, s1), b1), 16);
    }
    weights += columnBytes;
    scales += 32;
    bias += 32;
    out += 32;
  }
}
