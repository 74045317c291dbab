/** The products of linear-bytes.ts by another instruction (AssemblyScript, relaxed SIMD). */
import { madd } from "../math.ts";

/** As linearBytes, with one instruction for product and sum, which newer processors have (VNNI, ARM's dot products). */
export function linearBytesDot(
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
  const scaleBytes = <usize>inputs;
  for (let column = 0; column < outputs; column += 8) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    const c0 = v128.load(sums);
    const c1 = v128.load(sums, 16);
    let a = act;
    let offset = offsets;
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
        let i00 = v128.load32_splat(offset, 64);
        let i01 = i00;
        let i10 = v128.load32_splat(offset, 68);
        let i11 = i10;
        let i20 = v128.load32_splat(offset, 72);
        let i21 = i20;
        let i30 = v128.load32_splat(offset, 76);
        let i31 = i30;
        let w0 = v128.load(w);
        let w1 = v128.load(w, 16);
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
        w0 = v128.load(w, 32);
        w1 = v128.load(w, 48);
        v = v128.load32_splat(a, 16);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 20);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 24);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 28);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 64);
        w1 = v128.load(w, 80);
        v = v128.load32_splat(a, 32);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 36);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 40);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 44);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 96);
        w1 = v128.load(w, 112);
        v = v128.load32_splat(a, 48);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 52);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 56);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 60);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 128);
        w1 = v128.load(w, 144);
        v = v128.load32_splat(a, 64);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 68);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 72);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 76);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 160);
        w1 = v128.load(w, 176);
        v = v128.load32_splat(a, 80);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 84);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 88);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 92);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 192);
        w1 = v128.load(w, 208);
        v = v128.load32_splat(a, 96);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 100);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 104);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 108);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        w0 = v128.load(w, 224);
        w1 = v128.load(w, 240);
        v = v128.load32_splat(a, 112);
        i00 = v128.relaxed_dot_add<i32>(v, w0, i00);
        i01 = v128.relaxed_dot_add<i32>(v, w1, i01);
        v = v128.load32_splat(a, 116);
        i10 = v128.relaxed_dot_add<i32>(v, w0, i10);
        i11 = v128.relaxed_dot_add<i32>(v, w1, i11);
        v = v128.load32_splat(a, 120);
        i20 = v128.relaxed_dot_add<i32>(v, w0, i20);
        i21 = v128.relaxed_dot_add<i32>(v, w1, i21);
        v = v128.load32_splat(a, 124);
        i30 = v128.relaxed_dot_add<i32>(v, w0, i30);
        i31 = v128.relaxed_dot_add<i32>(v, w1, i31);
        a += 128;
        w += 256;
        offset += 80;
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
      let centre = v128.load32_splat(rowScales + <usize>row * 8, 4);
      v128.store(y0, madd(f00, rowScale, madd(centre, c0, b0)));
      v128.store(y0, madd(f01, rowScale, madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r1 * 8);
      centre = v128.load32_splat(rowScales + <usize>r1 * 8, 4);
      v128.store(y1, madd(f10, rowScale, madd(centre, c0, b0)));
      v128.store(y1, madd(f11, rowScale, madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r2 * 8);
      centre = v128.load32_splat(rowScales + <usize>r2 * 8, 4);
      v128.store(y2, madd(f20, rowScale, madd(centre, c0, b0)));
      v128.store(y2, madd(f21, rowScale, madd(centre, c1, b1)), 16);
      rowScale = v128.load32_splat(rowScales + <usize>r3 * 8);
      centre = v128.load32_splat(rowScales + <usize>r3 * 8, 4);
      v128.store(y3, madd(f30, rowScale, madd(centre, c0, b0)));
      v128.store(y3, madd(f31, rowScale, madd(centre, c1, b1)), 16);
    }
    weights += columnBytes;
    scales += scaleBytes;
    bias += 32;
    sums += 32;
    out += 32;
  }
}
