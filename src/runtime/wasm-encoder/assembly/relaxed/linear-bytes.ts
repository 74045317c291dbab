/**
 * y = x W + b with 7-bit weights, one scale a block of 32 inputs, and 8-bit activations (AssemblyScript, relaxed SIMD): for weights that are stored in 8 bits.
 *
 * The products of two steps of four inputs are summed in 16 bits with their offset already in: -64 times the activations takes the 64 off that the weights have too much.
 * A lane ends at no more than 4 * 127 * 63 < 2^15, whatever it went through (additions are modulo 2^16); a single product is at most 2 * 127 * 127 < 2^15.
 */
import { madd } from "../math.ts";

/**
 * Sums in 16 bits.
 *
 * @param act i8 [rows / 4][inputs / 4][4][4], with offsets and rowScales as quantiseBytes gives them; inputs a multiple of 32
 * @param weights u8 [outputs / 8][inputs / 4][8][4]: 1 to 127, meaning -63 to 63
 * @param scales f32 [outputs / 8][inputs / 32][8]
 * @param bias f32 [outputs]; outputs a multiple of 8
 * @param sums f32 [outputs]: the sum of each output's weights, which a row's centre is multiplied by
 * @param out f32 [rows], rows outStride bytes apart
 */
export function linearBytes(
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
        let i00 = i32x4.splat(0);
        let i01 = i32x4.splat(0);
        let i10 = i32x4.splat(0);
        let i11 = i32x4.splat(0);
        let i20 = i32x4.splat(0);
        let i21 = i32x4.splat(0);
        let i30 = i32x4.splat(0);
        let i31 = i32x4.splat(0);
        // Four pairs of steps, written out as those of linear-blocks.ts.
        let w0 = v128.load(w);
        let w1 = v128.load(w, 16);
        let w2 = v128.load(w, 32);
        let w3 = v128.load(w, 48);
        let t = v128.load32_splat(offset);
        let v = v128.load32_splat(a);
        let u = v128.load32_splat(a, 16);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 4);
        v = v128.load32_splat(a, 4);
        u = v128.load32_splat(a, 20);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 8);
        v = v128.load32_splat(a, 8);
        u = v128.load32_splat(a, 24);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 12);
        v = v128.load32_splat(a, 12);
        u = v128.load32_splat(a, 28);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        w0 = v128.load(w, 64);
        w1 = v128.load(w, 80);
        w2 = v128.load(w, 96);
        w3 = v128.load(w, 112);
        t = v128.load32_splat(offset, 16);
        v = v128.load32_splat(a, 32);
        u = v128.load32_splat(a, 48);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 20);
        v = v128.load32_splat(a, 36);
        u = v128.load32_splat(a, 52);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 24);
        v = v128.load32_splat(a, 40);
        u = v128.load32_splat(a, 56);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 28);
        v = v128.load32_splat(a, 44);
        u = v128.load32_splat(a, 60);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        w0 = v128.load(w, 128);
        w1 = v128.load(w, 144);
        w2 = v128.load(w, 160);
        w3 = v128.load(w, 176);
        t = v128.load32_splat(offset, 32);
        v = v128.load32_splat(a, 64);
        u = v128.load32_splat(a, 80);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 36);
        v = v128.load32_splat(a, 68);
        u = v128.load32_splat(a, 84);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 40);
        v = v128.load32_splat(a, 72);
        u = v128.load32_splat(a, 88);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 44);
        v = v128.load32_splat(a, 76);
        u = v128.load32_splat(a, 92);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        w0 = v128.load(w, 192);
        w1 = v128.load(w, 208);
        w2 = v128.load(w, 224);
        w3 = v128.load(w, 240);
        t = v128.load32_splat(offset, 48);
        v = v128.load32_splat(a, 96);
        u = v128.load32_splat(a, 112);
        i00 = i32x4.add(i00, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i01 = i32x4.add(i01, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 52);
        v = v128.load32_splat(a, 100);
        u = v128.load32_splat(a, 116);
        i10 = i32x4.add(i10, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i11 = i32x4.add(i11, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 56);
        v = v128.load32_splat(a, 104);
        u = v128.load32_splat(a, 120);
        i20 = i32x4.add(i20, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i21 = i32x4.add(i21, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
        t = v128.load32_splat(offset, 60);
        v = v128.load32_splat(a, 108);
        u = v128.load32_splat(a, 124);
        i30 = i32x4.add(i30, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w0)), v128.relaxed_dot<i16>(u, w2)), ones));
        i31 = i32x4.add(i31, i32x4.dot_i16x8_s(i16x8.add(i16x8.add(t, v128.relaxed_dot<i16>(v, w1)), v128.relaxed_dot<i16>(u, w3)), ones));
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
