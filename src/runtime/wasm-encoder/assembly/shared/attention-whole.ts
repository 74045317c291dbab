/**
 * The attention of attention.ts in whole numbers of 16 bits, which the same registers hold twice as many of (AssemblyScript). Blocks, order and result are the same, but for
 * rounding: queries and keys to 13 bits, values to 11, powers to 15. That is less than the 8 bits lose that come before and after.
 *
 * Nothing overflows: a score is at most dim * 4095² <= 2³⁰ (dim <= 64), and the sum of 32 keys at most 32 * 32767 * 1023 < 2³⁰.
 */
import { exp2, maxLanes, maxWhole, NO_SCORE, power15, round4, SMALLEST, sumWhole } from "../math.ts";

const QUERIES: i32 = 32;
const KEYS: i32 = 256;
const SCORE_BYTES: usize = 1024;
/** Keys whose products with powers are summed in 32 bits. */
const RUN_BYTES: usize = 512;

const LARGEST: f32 = 4095;
const LARGEST_VALUE: f32 = 1023;

/** Bytes of scratch for a text of that many tokens. */
export function wholeAttentionScratch(tokens: i32, dim: i32): usize {
  const padded = <usize>((tokens + 7) & ~7);
  return 64 + 4 * padded * <usize>dim + 6 * <usize>QUERIES * <usize>dim + <usize>QUERIES * SCORE_BYTES + 16 * <usize>QUERIES;
}

/** The number of a head's keys or values that is farthest from zero. */
function farthest(x: usize, stride: usize, tokens: i32, dim: i32): f32 {
  let m = f32x4.splat(0);
  for (let token = 0; token < tokens; token++) {
    for (let d: usize = 0; d < <usize>dim * 4; d += 16) m = f32x4.pmax(f32x4.abs(v128.load(x + d)), m);
    x += stride;
  }
  return maxLanes(m);
}

/**
 * The head's keys and values, rounded with one scale each, in the order in which {@link attendWhole} reads them.
 *
 * @param key f32, first number of the head's first key; rows are `stride` bytes apart, as those of value
 * @param dim numbers of a head, a multiple of 8, at most 64
 * @param scratch wholeAttentionScratch(tokens, dim) bytes: what a step of keys and of values is, at 64 keys i16 [tokens / 8][dim / 2][8][2], values i16
 *   [dim / 8][tokens / 2][8][2], both filled up with zeros to whole eights
 */
export function packKeysAndValuesWhole(key: usize, value: usize, stride: usize, tokens: i32, dim: i32, scratch: usize): void {
  const padded = (tokens + 7) & ~7;
  const keys = scratch + 64;
  const values = keys + <usize>padded * <usize>dim * 2;
  const keyReach = farthest(key, stride, tokens, dim);
  const valueReach = farthest(value, stride, tokens, dim);
  store<f32>(scratch, keyReach / LARGEST);
  store<f32>(scratch, valueReach / LARGEST_VALUE, 4);
  const keyInverse = f32x4.splat(keyReach < SMALLEST ? 0 : LARGEST / keyReach);
  const valueInverse = f32x4.splat(valueReach < SMALLEST ? 0 : LARGEST_VALUE / valueReach);
  const zero = i16x8.splat(0);
  for (let token = 0; token < padded; token++) {
    let to = keys + (<usize>(token >> 3) * <usize>dim * 8 + <usize>(token & 7) * 2) * 2;
    for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
      const eight = token < tokens ? i16x8.narrow_i32x4_s(round4(v128.load(key + d), keyInverse), round4(v128.load(key + d, 16), keyInverse)) : zero;
      v128.store_lane<i32>(to, eight, 0);
      v128.store_lane<i32>(to, eight, 1, 32);
      v128.store_lane<i32>(to, eight, 2, 64);
      v128.store_lane<i32>(to, eight, 3, 96);
      to += 128;
    }
    key += stride;
  }
  for (let token = 0; token < padded; token += 2) {
    let to = values + <usize>token * 16;
    for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
      const first = token < tokens ? i16x8.narrow_i32x4_s(round4(v128.load(value + d), valueInverse), round4(v128.load(value + d, 16), valueInverse)) : zero;
      const next = value + stride + d;
      const second = token + 1 < tokens ? i16x8.narrow_i32x4_s(round4(v128.load(next), valueInverse), round4(v128.load(next, 16), valueInverse)) : zero;
      v128.store(to, v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(to, v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15), 16);
      to += <usize>padded * 16;
    }
    value += 2 * stride;
  }
}

/**
 * softmax(scale Q Kᵀ) V of queries [first, last) of a text. `out` may be where the queries are: a block of them is read before it is written.
 *
 * @param query f32, first number of the head's first query; rows are `stride` bytes apart, as those of out
 * @param scratch as packKeysAndValuesWhole left it
 */
export function attendWhole(query: usize, out: usize, stride: usize, tokens: i32, dim: i32, first: i32, last: i32, scale: f32, scratch: usize): void {
  const padded = (tokens + 7) & ~7;
  const keysAt = scratch + 64;
  const values = keysAt + <usize>padded * <usize>dim * 2;
  const packed = values + <usize>padded * <usize>dim * 2;
  const scores = packed + <usize>QUERIES * <usize>dim * 2;
  const sums = scores + <usize>QUERIES * SCORE_BYTES;
  // Of each query: what a step of its scores is as an exponent of two, the factor by which larger scores than before shrink what was summed, the largest score, the
  // sum of powers.
  const steps = sums + <usize>QUERIES * <usize>dim * 4;
  const factors = steps + <usize>QUERIES * 4;
  const largest = factors + <usize>QUERIES * 4;
  const totals = largest + <usize>QUERIES * 4;
  const exponent: f32 = load<f32>(scratch) * scale * <f32>Math.LOG2E;
  const valueStep = load<f32>(scratch, 4);

  for (let block = first; block < last; block += QUERIES) {
    const queries = min(QUERIES, last - block);
    packQueries(query + <usize>block * stride, stride, queries, dim, exponent, packed, steps);
    for (let row = 0; row < QUERIES; row++) {
      store<i32>(largest + <usize>row * 4, NO_SCORE);
      store<f32>(totals + <usize>row * 4, 0);
    }
    memory.fill(sums, 0, <usize>QUERIES * <usize>dim * 4);
    for (let keyBlock = 0; keyBlock < tokens; keyBlock += KEYS) {
      const keys = min(KEYS, tokens - keyBlock);
      scoreBlock(packed, keysAt + <usize>keyBlock * <usize>dim * 2, queries, keys, dim, scores);
      softmaxBlock(scores, queries, keys, steps, largest, totals, factors);
      for (let row = 0; row < queries; row++) {
        const factor = v128.load32_splat(factors + <usize>row * 4);
        const from = sums + <usize>row * <usize>dim * 4;
        for (let at: usize = 0; at < <usize>dim * 4; at += 16) v128.store(from + at, f32x4.mul(v128.load(from + at), factor));
      }
      sumBlock(scores, values + <usize>keyBlock * 16, <usize>padded * 16, queries, keys, dim, sums);
    }
    for (let row = 0; row < queries; row++) {
      const inverse = f32x4.splat(valueStep / load<f32>(totals + <usize>row * 4));
      const from = sums + <usize>row * <usize>dim * 4;
      const to = out + <usize>(block + row) * stride;
      for (let at: usize = 0; at < <usize>dim * 4; at += 16) v128.store(to + at, f32x4.mul(v128.load(from + at), inverse));
    }
  }
}

/** Queries, rounded with a scale each, i16 [QUERIES / 4][dim / 2][4][2]; what is missing of the last four is a repetition. */
function packQueries(query: usize, stride: usize, queries: i32, dim: i32, exponent: f32, packed: usize, steps: usize): void {
  const rows = (queries + 3) & ~3;
  for (let row = 0; row < rows; row++) {
    const from = query + <usize>min(row, queries - 1) * stride;
    const reach = farthest(from, 0, 1, dim);
    const inverse = f32x4.splat(reach < SMALLEST ? 0 : LARGEST / reach);
    store<f32>(steps + <usize>row * 4, (reach / LARGEST) * exponent);
    let to = packed + (<usize>(row >> 2) * <usize>dim * 4 + <usize>(row & 3) * 2) * 2;
    for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
      const eight = i16x8.narrow_i32x4_s(round4(v128.load(from + d), inverse), round4(v128.load(from + d, 16), inverse));
      v128.store_lane<i32>(to, eight, 0);
      v128.store_lane<i32>(to, eight, 1, 16);
      v128.store_lane<i32>(to, eight, 2, 32);
      v128.store_lane<i32>(to, eight, 3, 48);
      to += 64;
    }
  }
}

/** scores i32 [queries][KEYS] of a block; those of keys that are not there are as low as can be. */
function scoreBlock(packed: usize, keysAt: usize, queries: i32, keys: i32, dim: i32, scores: usize): void {
  const keyBytes = <usize>dim * 16;
  for (let key = 0; key < keys; key += 8) {
    let q = packed;
    let to = scores + <usize>key * 4;
    const end = keysAt + keyBytes;
    for (let row = 0; row < queries; row += 4) {
      let a00 = i32x4.splat(0);
      let a01 = i32x4.splat(0);
      let a10 = i32x4.splat(0);
      let a11 = i32x4.splat(0);
      let a20 = i32x4.splat(0);
      let a21 = i32x4.splat(0);
      let a30 = i32x4.splat(0);
      let a31 = i32x4.splat(0);
      for (let k = keysAt; k < end; k += 64) {
        let k0 = v128.load(k);
        let k1 = v128.load(k, 16);
        let v = v128.load32_splat(q);
        a00 = i32x4.add(a00, i32x4.dot_i16x8_s(v, k0));
        a01 = i32x4.add(a01, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 4);
        a10 = i32x4.add(a10, i32x4.dot_i16x8_s(v, k0));
        a11 = i32x4.add(a11, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 8);
        a20 = i32x4.add(a20, i32x4.dot_i16x8_s(v, k0));
        a21 = i32x4.add(a21, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 12);
        a30 = i32x4.add(a30, i32x4.dot_i16x8_s(v, k0));
        a31 = i32x4.add(a31, i32x4.dot_i16x8_s(v, k1));
        k0 = v128.load(k, 32);
        k1 = v128.load(k, 48);
        v = v128.load32_splat(q, 16);
        a00 = i32x4.add(a00, i32x4.dot_i16x8_s(v, k0));
        a01 = i32x4.add(a01, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 20);
        a10 = i32x4.add(a10, i32x4.dot_i16x8_s(v, k0));
        a11 = i32x4.add(a11, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 24);
        a20 = i32x4.add(a20, i32x4.dot_i16x8_s(v, k0));
        a21 = i32x4.add(a21, i32x4.dot_i16x8_s(v, k1));
        v = v128.load32_splat(q, 28);
        a30 = i32x4.add(a30, i32x4.dot_i16x8_s(v, k0));
        a31 = i32x4.add(a31, i32x4.dot_i16x8_s(v, k1));
        q += 32;
      }
      v128.store(to, a00);
      v128.store(to, a01, 16);
      v128.store(to, a10, 1024);
      v128.store(to, a11, 1040);
      v128.store(to, a20, 2048);
      v128.store(to, a21, 2064);
      v128.store(to, a30, 3072);
      v128.store(to, a31, 3088);
      to += 4 * SCORE_BYTES;
    }
    keysAt = end;
  }
  const padded = (keys + 7) & ~7;
  for (let row = 0; row < queries; row++) {
    for (let key = keys; key < padded; key++) store<i32>(scores + <usize>row * SCORE_BYTES + <usize>key * 4, NO_SCORE);
  }
}

/** Scores to powers of e, relative to the largest score so far: i16, 32767 for 1, two bytes each from where the row's scores began. Keys that are not there have 0. */
function softmaxBlock(scores: usize, queries: i32, keys: i32, steps: usize, largest: usize, totals: usize, factors: usize): void {
  const padded = (keys + 7) & ~7;
  const bytes = <usize>padded * 4;
  for (let row = 0; row < queries; row++) {
    const at = scores + <usize>row * SCORE_BYTES;
    let m0 = v128.load(at);
    let m1 = v128.load(at, 16);
    for (let k: usize = 32; k < bytes; k += 32) {
      m0 = i32x4.max_s(v128.load(at + k), m0);
      m1 = i32x4.max_s(v128.load(at + k, 16), m1);
    }
    const before = load<i32>(largest + <usize>row * 4);
    const now = max<i32>(before, maxWhole(i32x4.max_s(m0, m1)));
    const shift = i32x4.splat(now);
    const step = v128.load32_splat(steps + <usize>row * 4);
    let sum = i32x4.splat(0);
    let to = at;
    for (let k: usize = 0; k < bytes; k += 32) {
      const low = power15(i32x4.sub(v128.load(at + k), shift), step);
      const high = power15(i32x4.sub(v128.load(at + k, 16), shift), step);
      const powers = i16x8.narrow_i32x4_s(low, high);
      v128.store(to, powers);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(powers, i16x8.splat(1)));
      to += 16;
    }
    let total = sumWhole(sum);
    for (let key = keys; key < padded; key++) {
      total -= load<i16>(at + <usize>key * 2);
      store<i16>(at + <usize>key * 2, 0);
    }
    const factor = exp2(<f32>(before - now) * f32x4.extract_lane(step, 0));
    store<f32>(factors + <usize>row * 4, factor);
    store<i32>(largest + <usize>row * 4, now);
    store<f32>(totals + <usize>row * 4, load<f32>(totals + <usize>row * 4) * factor + <f32>total);
  }
}

/** sums f32 [queries][dim] += powers times values, two keys at a time. */
function sumBlock(powers: usize, valuesAt: usize, valueStride: usize, queries: i32, keys: i32, dim: i32, sums: usize): void {
  const rowBytes = <usize>dim * 4;
  const bytes = <usize>((keys + 1) >> 1) * 32;
  for (let d = 0; d < dim; d += 8) {
    const end = valuesAt + bytes;
    for (let row = 0; row < queries; row += 4) {
      const s0 = sums + <usize>row * rowBytes + <usize>d * 4;
      const s1 = s0 + rowBytes;
      const s2 = s1 + rowBytes;
      const s3 = s2 + rowBytes;
      let p = powers + <usize>row * SCORE_BYTES;
      let at = valuesAt;
      while (at < end) {
        const runEnd = min(end, at + RUN_BYTES);
        let a00 = i32x4.splat(0);
        let a01 = i32x4.splat(0);
        let a10 = i32x4.splat(0);
        let a11 = i32x4.splat(0);
        let a20 = i32x4.splat(0);
        let a21 = i32x4.splat(0);
        let a30 = i32x4.splat(0);
        let a31 = i32x4.splat(0);
        for (; at < runEnd; at += 32) {
          const v0 = v128.load(at);
          const v1 = v128.load(at, 16);
          let v = v128.load32_splat(p);
          a00 = i32x4.add(a00, i32x4.dot_i16x8_s(v, v0));
          a01 = i32x4.add(a01, i32x4.dot_i16x8_s(v, v1));
          v = v128.load32_splat(p, 1024);
          a10 = i32x4.add(a10, i32x4.dot_i16x8_s(v, v0));
          a11 = i32x4.add(a11, i32x4.dot_i16x8_s(v, v1));
          v = v128.load32_splat(p, 2048);
          a20 = i32x4.add(a20, i32x4.dot_i16x8_s(v, v0));
          a21 = i32x4.add(a21, i32x4.dot_i16x8_s(v, v1));
          v = v128.load32_splat(p, 3072);
          a30 = i32x4.add(a30, i32x4.dot_i16x8_s(v, v0));
          a31 = i32x4.add(a31, i32x4.dot_i16x8_s(v, v1));
          p += 4;
        }
        v128.store(s0, f32x4.add(v128.load(s0), f32x4.convert_i32x4_s(a00)));
        v128.store(s0, f32x4.add(v128.load(s0, 16), f32x4.convert_i32x4_s(a01)), 16);
        v128.store(s1, f32x4.add(v128.load(s1), f32x4.convert_i32x4_s(a10)));
        v128.store(s1, f32x4.add(v128.load(s1, 16), f32x4.convert_i32x4_s(a11)), 16);
        v128.store(s2, f32x4.add(v128.load(s2), f32x4.convert_i32x4_s(a20)));
        v128.store(s2, f32x4.add(v128.load(s2, 16), f32x4.convert_i32x4_s(a21)), 16);
        v128.store(s3, f32x4.add(v128.load(s3), f32x4.convert_i32x4_s(a30)));
        v128.store(s3, f32x4.add(v128.load(s3, 16), f32x4.convert_i32x4_s(a31)), 16);
      }
    }
    valuesAt += valueStride;
  }
}
