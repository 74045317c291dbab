/**
 * MaxSim of 1-bit token vectors against whole-number query tables (AssemblyScript, plain SIMD).
 *
 * A query token is a table of 16 bytes for every 4 dimensions: entry n is the sum of the four query values with the signs that the bits of n tell. One
 * i8x16.swizzle looks up 16 document tokens at once, 64 products. This is the in-register table of product quantisation's fast scan (André et al., VLDB 2015),
 * with the codebook {-1, 1}. Entries have 6 bits, so four of them add up in a byte before they are widened.
 * Widening: of a vector as u16 lanes the whole is even + 256 * odd; summing wholes and odds apart gives both back, modulo 2^16.
 * The reference is maxsim/reference.ts.
 */

/**
 * @param tables u8 [queries][dim / 4][16], entries at most 63; queries even (repeat one), dim a multiple of 16 and at most 4,096
 * @param lines f32 [queries][3]: step, offset and weight: a sum of entries u stands for u * step + offset; weight 0 for a repeated token
 * @param table u32 [documents][3]: where the document's factors (u16 [tokens]) and bits (u8 [tokens][dim / 8], lowest bit first) lie, and how many tokens
 * @param scratch 8 * dim + 256 + 16 * queries bytes, 16-byte aligned
 * @param scores out, f32 [documents]: sum over query tokens of weight * max over tokens of factor * (u * step + offset); 0 for a document without tokens
 */
export function maxsimBits(tables: usize, lines: usize, queries: i32, dim: i32, table: usize, documents: i32, scratch: usize, scores: usize): void {
  const rowBytes: usize = <usize>dim >> 3;
  /** Nibbles of 32 tokens, as two blocks of 16: [groups][2][16]. */
  const nibbles: usize = scratch;
  const nibblesEnd: usize = nibbles + <usize>dim * 8;
  const factor: usize = nibblesEnd;
  const best: usize = factor + 128;
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
    for (let token = 0; token < tokens; token += 32) {
      // Turns the rows of 32 tokens into columns of nibbles. Past the end the last token is repeated, which changes no maximum.
      for (let lane = 0; lane < 32; lane++) {
        const t = min(token + lane, last);
        const row: usize = rows + <usize>t * rowBytes;
        let to: usize = nibbles + lane;
        for (let k: usize = 0; k < rowBytes; k++) {
          const bits = load<u8>(row + k);
          store<u8>(to, bits & 15);
          store<u8>(to, bits >> 4, 32);
          to += 64;
        }
        // Even tokens of a block of 16 first, then the odd ones: the order in which the sums come.
        const place: usize = <usize>((lane & 16) | ((lane & 1) << 3) | ((lane & 15) >> 1));
        store<f32>(factor + (place << 2), <f32>load<u16>(factors + ((<usize>t) << 1)));
      }
      const f0 = v128.load(factor);
      const f1 = v128.load(factor, 16);
      const f2 = v128.load(factor, 32);
      const f3 = v128.load(factor, 48);
      const f4 = v128.load(factor, 64);
      const f5 = v128.load(factor, 80);
      const f6 = v128.load(factor, 96);
      const f7 = v128.load(factor, 112);

      let entries: usize = tables;
      let line: usize = lines;
      for (let at = best; at < bestEnd; at += 16) {
        let whole0 = i16x8.splat(0);
        let whole1 = i16x8.splat(0);
        let odd0 = i16x8.splat(0);
        let odd1 = i16x8.splat(0);
        for (let from = nibbles; from < nibblesEnd; from += 128) {
          let entry = v128.load(entries);
          let sum0 = i8x16.swizzle(entry, v128.load(from));
          let sum1 = i8x16.swizzle(entry, v128.load(from, 16));
          entry = v128.load(entries, 16);
          sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.load(from, 32)));
          sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.load(from, 48)));
          entry = v128.load(entries, 32);
          sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.load(from, 64)));
          sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.load(from, 80)));
          entry = v128.load(entries, 48);
          sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.load(from, 96)));
          sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.load(from, 112)));
          whole0 = i16x8.add(whole0, sum0);
          whole1 = i16x8.add(whole1, sum1);
          odd0 = i16x8.add(odd0, i16x8.shr_u(sum0, 8));
          odd1 = i16x8.add(odd1, i16x8.shr_u(sum1, 8));
          entries += 64;
        }
        const even0 = i16x8.sub(whole0, i16x8.shl(odd0, 8));
        const even1 = i16x8.sub(whole1, i16x8.shl(odd1, 8));
        const step = v128.load32_splat(line);
        const offset = v128.load32_splat(line, 4);
        let m = v128.load(at);
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(even0)), step), offset), f0));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(even0)), step), offset), f1));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(odd0)), step), offset), f2));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(odd0)), step), offset), f3));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(even1)), step), offset), f4));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(even1)), step), offset), f5));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(odd1)), step), offset), f6));
        m = f32x4.pmax(m, f32x4.mul(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(odd1)), step), offset), f7));
        v128.store(at, m);
        line += 12;
      }
    }

    let total: f32 = 0;
    let line: usize = lines;
    for (let at = best; at < bestEnd; at += 16) {
      let m = v128.load(at);
      m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
      total += load<f32>(line, 8) * max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1));
      line += 12;
    }
    store<f32>(scores, total);
    scores += 4;
  }
}
