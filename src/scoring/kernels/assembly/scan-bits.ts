/**
 * Estimated dot products of one query with many 1-bit rows (AssemblyScript, plain SIMD): the look-ups of maxsim-bits.ts on rows that lie in blocks already.
 * The reference is scan/reference.ts.
 */

/**
 * @param table u8 [dim / 4][16], entries at most 63; dim a multiple of 16 and at most 4,096
 * @param step a sum of entries u stands for u * step + offset
 * @param base added to each score: the query's product with the centre of the rows
 * @param blocks blocks of 32 rows: u16 [32] factors in the order 0, 2, …, 14, 1, 3, …, 15, 16, 18, …, then u8 [dim / 8][32] bits, lowest bit first
 * @param scores out, f32 [32 * blockCount]: base + factor * (u * step + offset)
 */
export function scanBits(table: usize, step: f32, offset: f32, base: f32, dim: i32, blocks: usize, blockCount: i32, scores: usize): void {
  const tableEnd: usize = table + <usize>dim * 4;
  const lowNibble = i8x16.splat(15);
  const steps = f32x4.splat(step);
  const offsets = f32x4.splat(offset);
  const bases = f32x4.splat(base);
  for (let block = 0; block < blockCount; block++) {
    const factors: usize = blocks;
    blocks += 64;
    let whole0 = i16x8.splat(0);
    let whole1 = i16x8.splat(0);
    let odd0 = i16x8.splat(0);
    let odd1 = i16x8.splat(0);
    for (let entries: usize = table; entries < tableEnd; entries += 64) {
      let bits0 = v128.load(blocks);
      let bits1 = v128.load(blocks, 16);
      let entry = v128.load(entries);
      let sum0 = i8x16.swizzle(entry, v128.and(bits0, lowNibble));
      let sum1 = i8x16.swizzle(entry, v128.and(bits1, lowNibble));
      entry = v128.load(entries, 16);
      sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.and(i16x8.shr_u(bits0, 4), lowNibble)));
      sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.and(i16x8.shr_u(bits1, 4), lowNibble)));
      bits0 = v128.load(blocks, 32);
      bits1 = v128.load(blocks, 48);
      entry = v128.load(entries, 32);
      sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.and(bits0, lowNibble)));
      sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.and(bits1, lowNibble)));
      entry = v128.load(entries, 48);
      sum0 = i8x16.add(sum0, i8x16.swizzle(entry, v128.and(i16x8.shr_u(bits0, 4), lowNibble)));
      sum1 = i8x16.add(sum1, i8x16.swizzle(entry, v128.and(i16x8.shr_u(bits1, 4), lowNibble)));
      whole0 = i16x8.add(whole0, sum0);
      whole1 = i16x8.add(whole1, sum1);
      odd0 = i16x8.add(odd0, i16x8.shr_u(sum0, 8));
      odd1 = i16x8.add(odd1, i16x8.shr_u(sum1, 8));
      blocks += 64;
    }
    const even0 = i16x8.sub(whole0, i16x8.shl(odd0, 8));
    const even1 = i16x8.sub(whole1, i16x8.shl(odd1, 8));
    storeScores(scores, even0, odd0, v128.load(factors), v128.load(factors, 16), steps, offsets, bases);
    storeScores(scores + 64, even1, odd1, v128.load(factors, 32), v128.load(factors, 48), steps, offsets, bases);
    scores += 128;
  }
}

/** Sixteen rows: sums and factors of the even rows and of the odd ones, back in their order. */
function storeScores(to: usize, even: v128, odd: v128, evenFactors: v128, oddFactors: v128, steps: v128, offsets: v128, bases: v128): void {
  const e0 = scoreOf(i32x4.extend_low_i16x8_u(even), i32x4.extend_low_i16x8_u(evenFactors), steps, offsets, bases);
  const e1 = scoreOf(i32x4.extend_high_i16x8_u(even), i32x4.extend_high_i16x8_u(evenFactors), steps, offsets, bases);
  const o0 = scoreOf(i32x4.extend_low_i16x8_u(odd), i32x4.extend_low_i16x8_u(oddFactors), steps, offsets, bases);
  const o1 = scoreOf(i32x4.extend_high_i16x8_u(odd), i32x4.extend_high_i16x8_u(oddFactors), steps, offsets, bases);
  v128.store(to, v128.shuffle<i32>(e0, o0, 0, 4, 1, 5));
  v128.store(to, v128.shuffle<i32>(e0, o0, 2, 6, 3, 7), 16);
  v128.store(to, v128.shuffle<i32>(e1, o1, 0, 4, 1, 5), 32);
  v128.store(to, v128.shuffle<i32>(e1, o1, 2, 6, 3, 7), 48);
}

function scoreOf(sums: v128, factors: v128, steps: v128, offsets: v128, bases: v128): v128 {
  const dots = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), steps), offsets);
  return f32x4.add(bases, f32x4.mul(f32x4.convert_i32x4_s(factors), dots));
}
