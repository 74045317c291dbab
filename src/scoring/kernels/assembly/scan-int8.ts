/** Dot products of one query with many int8 rows (AssemblyScript, plain SIMD), four rows at a time. The reference is scan/reference.ts. */

/**
 * @param query i16 [dim]; dim a multiple of 16, each value at most 1023 so that no sum overflows below dim 8,192
 * @param queryScale the query's values are i16 * queryScale
 * @param rows i8 [dim], then the row's scale as f32, then anything up to `stride` bytes
 * @param scores out, f32 [count]
 */
export function scanInt8(query: usize, queryScale: f32, dim: i32, rows: usize, stride: i32, count: i32, scores: usize): void {
  const last = count - 1;
  for (let row = 0; row < count; row += 4) {
    // Past the end the last row is repeated; its score is not stored again.
    const r0: usize = rows + <usize>row * stride;
    const r1: usize = rows + <usize>min(row + 1, last) * stride;
    const r2: usize = rows + <usize>min(row + 2, last) * stride;
    const r3: usize = rows + <usize>min(row + 3, last) * stride;
    let a0 = i32x4.splat(0);
    let a1 = i32x4.splat(0);
    let a2 = i32x4.splat(0);
    let a3 = i32x4.splat(0);
    let at: usize = query;
    for (let k: usize = 0; k < <usize>dim; k += 16) {
      const low = v128.load(at);
      const high = v128.load(at, 16);
      at += 32;
      let values = v128.load(r0 + k);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), low));
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), high));
      values = v128.load(r1 + k);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), low));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), high));
      values = v128.load(r2 + k);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), low));
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), high));
      values = v128.load(r3 + k);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), low));
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), high));
    }
    const low = i32x4.add(v128.shuffle<i32>(a0, a1, 0, 4, 1, 5), v128.shuffle<i32>(a0, a1, 2, 6, 3, 7));
    const high = i32x4.add(v128.shuffle<i32>(a2, a3, 0, 4, 1, 5), v128.shuffle<i32>(a2, a3, 2, 6, 3, 7));
    const sums = i32x4.add(v128.shuffle<i32>(low, high, 0, 1, 4, 5), v128.shuffle<i32>(low, high, 2, 3, 6, 7));
    let scale = f32x4.splat(load<f32>(r0 + dim));
    scale = f32x4.replace_lane(scale, 1, load<f32>(r1 + dim));
    scale = f32x4.replace_lane(scale, 2, load<f32>(r2 + dim));
    scale = f32x4.replace_lane(scale, 3, load<f32>(r3 + dim));
    const result = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(sums), scale), f32x4.splat(queryScale));
    const to: usize = scores + ((<usize>row) << 2);
    if (row + 3 <= last) {
      v128.store(to, result);
      continue;
    }
    store<f32>(to, f32x4.extract_lane(result, 0));
    if (row + 1 <= last) store<f32>(to, f32x4.extract_lane(result, 1), 4);
    if (row + 2 <= last) store<f32>(to, f32x4.extract_lane(result, 2), 8);
  }
}
