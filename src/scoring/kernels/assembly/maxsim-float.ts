/**
 * MaxSim of float32 token vectors (AssemblyScript, plain SIMD): four document tokens and two query tokens at a time, eight accumulators.
 * The reference is maxsim/reference.ts.
 */

/**
 * @param query f32 [queries][dim]; queries even (repeat one), dim a multiple of 4
 * @param queryScales f32 [queries]: weight of each query token; 0 for a repeated one
 * @param table u32 [documents][3]: unused, where the vectors (f32 [tokens][dim]) lie, and how many tokens
 * @param scratch 16 * queries bytes, 16-byte aligned
 * @param scores out, f32 [documents]: sum over query tokens of queryScale * max over tokens of the dot product; 0 for a document without tokens
 */
export function maxsimFloat(query: usize, queryScales: usize, queries: i32, dim: i32, table: usize, documents: i32, scratch: usize, scores: usize): void {
  const stride: usize = <usize>dim * 4;
  const best: usize = scratch;
  const bestEnd: usize = best + <usize>queries * 16;
  const lowest = f32x4.splat(-f32.MAX_VALUE);

  for (let document = 0; document < documents; document++) {
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
      const row0: usize = rows + <usize>token * stride;
      const row1: usize = rows + <usize>min(token + 1, last) * stride;
      const row2: usize = rows + <usize>min(token + 2, last) * stride;
      const row3: usize = rows + <usize>min(token + 3, last) * stride;
      let q0: usize = query;
      for (let at = best; at < bestEnd; at += 32) {
        const q1: usize = q0 + stride;
        let a0 = f32x4.splat(0);
        let a1 = f32x4.splat(0);
        let a2 = f32x4.splat(0);
        let a3 = f32x4.splat(0);
        let b0 = f32x4.splat(0);
        let b1 = f32x4.splat(0);
        let b2 = f32x4.splat(0);
        let b3 = f32x4.splat(0);
        for (let k: usize = 0; k < stride; k += 16) {
          const x = v128.load(q0 + k);
          const y = v128.load(q1 + k);
          let w = v128.load(row0 + k);
          a0 = f32x4.add(a0, f32x4.mul(w, x));
          b0 = f32x4.add(b0, f32x4.mul(w, y));
          w = v128.load(row1 + k);
          a1 = f32x4.add(a1, f32x4.mul(w, x));
          b1 = f32x4.add(b1, f32x4.mul(w, y));
          w = v128.load(row2 + k);
          a2 = f32x4.add(a2, f32x4.mul(w, x));
          b2 = f32x4.add(b2, f32x4.mul(w, y));
          w = v128.load(row3 + k);
          a3 = f32x4.add(a3, f32x4.mul(w, x));
          b3 = f32x4.add(b3, f32x4.mul(w, y));
        }
        // Four sums of four lanes each become one vector: token t in lane t.
        let low = f32x4.add(v128.shuffle<i32>(a0, a1, 0, 4, 1, 5), v128.shuffle<i32>(a0, a1, 2, 6, 3, 7));
        let high = f32x4.add(v128.shuffle<i32>(a2, a3, 0, 4, 1, 5), v128.shuffle<i32>(a2, a3, 2, 6, 3, 7));
        v128.store(at, f32x4.pmax(v128.load(at), f32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7))));
        low = f32x4.add(v128.shuffle<i32>(b0, b1, 0, 4, 1, 5), v128.shuffle<i32>(b0, b1, 2, 6, 3, 7));
        high = f32x4.add(v128.shuffle<i32>(b2, b3, 0, 4, 1, 5), v128.shuffle<i32>(b2, b3, 2, 6, 3, 7));
        v128.store(at, f32x4.pmax(v128.load(at, 16), f32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7))), 16);
        q0 = q1 + stride;
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
