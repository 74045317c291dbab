/**
 * MaxSim of int8 token vectors (AssemblyScript, plain SIMD).
 *
 * Four document tokens are widened to i16 once and meet all query tokens, two at a time: eight accumulators of i32x4.dot_i16x8_s, no layout of its own.
 * The reference is maxsim/reference.ts. Loops are written out for the sake of eight accumulators in registers.
 */

/**
 * @param query i16 [queries][dim]; queries even (repeat one), dim a multiple of 16, each value at most 1023 so that no sum overflows below dim 8,192
 * @param queryScales f32 [queries]; 0 for a repeated token
 * @param table u32 [documents][3]: where the document's factors (u16 [tokens]) and vectors (i8 [tokens][dim]) lie, and how many tokens it has
 * @param scratch 8 * dim + 16 * queries bytes, 16-byte aligned
 * @param scores out, f32 [documents]: sum over query tokens of queryScale * max over tokens of factor * dot; 0 for a document without tokens
 */
export function maxsimInt8(query: usize, queryScales: usize, queries: i32, dim: i32, table: usize, documents: i32, scratch: usize, scores: usize): void {
  const queryStride: usize = <usize>dim * 2;
  const wide0: usize = scratch;
  const wide1: usize = wide0 + queryStride;
  const wide2: usize = wide1 + queryStride;
  const wide3: usize = wide2 + queryStride;
  const best: usize = wide3 + queryStride;
  const bestEnd: usize = best + <usize>queries * 16;
  const lowest = f32x4.splat(-f32.MAX_VALUE);

  for (let document = 0; document < documents; document++) {
    const factors: usize = load<u32>(table);
    const rows: usize = load<u32>(table, 4);
    const tokens: i32 = load<i32>(table, 8);
    table += 12;
    if (tokens === 0) {
      store<f32>(scores, 0);
      scores += 4;
      continue;
    }
    for (let at = best; at < bestEnd; at += 16) v128.store(at, lowest);

    const last = tokens - 1;
    for (let token = 0; token < tokens; token += 4) {
      // Past the end the last token is repeated, which changes no maximum.
      const t1 = min(token + 1, last);
      const t2 = min(token + 2, last);
      const t3 = min(token + 3, last);
      const row0: usize = rows + <usize>token * dim;
      const row1: usize = rows + <usize>t1 * dim;
      const row2: usize = rows + <usize>t2 * dim;
      const row3: usize = rows + <usize>t3 * dim;
      for (let k: usize = 0; k < <usize>dim; k += 16) {
        const to: usize = k * 2;
        const v0 = v128.load(row0 + k);
        const v1 = v128.load(row1 + k);
        const v2 = v128.load(row2 + k);
        const v3 = v128.load(row3 + k);
        v128.store(wide0 + to, i16x8.extend_low_i8x16_s(v0));
        v128.store(wide0 + to, i16x8.extend_high_i8x16_s(v0), 16);
        v128.store(wide1 + to, i16x8.extend_low_i8x16_s(v1));
        v128.store(wide1 + to, i16x8.extend_high_i8x16_s(v1), 16);
        v128.store(wide2 + to, i16x8.extend_low_i8x16_s(v2));
        v128.store(wide2 + to, i16x8.extend_high_i8x16_s(v2), 16);
        v128.store(wide3 + to, i16x8.extend_low_i8x16_s(v3));
        v128.store(wide3 + to, i16x8.extend_high_i8x16_s(v3), 16);
      }
      let scale = f32x4.splat(<f32>load<u16>(factors + ((<usize>token) << 1)));
      scale = f32x4.replace_lane(scale, 1, <f32>load<u16>(factors + ((<usize>t1) << 1)));
      scale = f32x4.replace_lane(scale, 2, <f32>load<u16>(factors + ((<usize>t2) << 1)));
      scale = f32x4.replace_lane(scale, 3, <f32>load<u16>(factors + ((<usize>t3) << 1)));

      let q0: usize = query;
      for (let at = best; at < bestEnd; at += 32) {
        const q1: usize = q0 + queryStride;
        let a0 = i32x4.splat(0);
        let a1 = i32x4.splat(0);
        let a2 = i32x4.splat(0);
        let a3 = i32x4.splat(0);
        let b0 = i32x4.splat(0);
        let b1 = i32x4.splat(0);
        let b2 = i32x4.splat(0);
        let b3 = i32x4.splat(0);
        for (let k: usize = 0; k < queryStride; k += 32) {
          let x = v128.load(q0 + k);
          let y = v128.load(q1 + k);
          let w = v128.load(wide0 + k);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, x));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide1 + k);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, x));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide2 + k);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, x));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide3 + k);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, x));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, y));

          x = v128.load(q0 + k, 16);
          y = v128.load(q1 + k, 16);
          w = v128.load(wide0 + k, 16);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, x));
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide1 + k, 16);
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, x));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide2 + k, 16);
          a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, x));
          b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, y));
          w = v128.load(wide3 + k, 16);
          a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, x));
          b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, y));
        }
        // Four sums of four lanes each become one vector: token t in lane t.
        let low = i32x4.add(v128.shuffle<i32>(a0, a1, 0, 4, 1, 5), v128.shuffle<i32>(a0, a1, 2, 6, 3, 7));
        let high = i32x4.add(v128.shuffle<i32>(a2, a3, 0, 4, 1, 5), v128.shuffle<i32>(a2, a3, 2, 6, 3, 7));
        let sums = i32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7));
        v128.store(at, f32x4.pmax(v128.load(at), f32x4.mul(f32x4.convert_i32x4_s(sums), scale)));
        low = i32x4.add(v128.shuffle<i32>(b0, b1, 0, 4, 1, 5), v128.shuffle<i32>(b0, b1, 2, 6, 3, 7));
        high = i32x4.add(v128.shuffle<i32>(b2, b3, 0, 4, 1, 5), v128.shuffle<i32>(b2, b3, 2, 6, 3, 7));
        sums = i32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7));
        v128.store(at, f32x4.pmax(v128.load(at, 16), f32x4.mul(f32x4.convert_i32x4_s(sums), scale)), 16);
        q0 = q1 + queryStride;
      }
    }

    let total: f32 = 0;
    let scaleAt: usize = queryScales;
    for (let at = best; at < bestEnd; at += 16) {
      let m = v128.load(at);
      m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
      total += load<f32>(scaleAt) * max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1));
      scaleAt += 4;
    }
    store<f32>(scores, total);
    scores += 4;
  }
}
