/**
 * The attention of attention-whole.ts in bytes, for long texts where dot products of bytes are one instruction (AssemblyScript, relaxed SIMD). Blocks and result are the
 * same, but for rounding: queries to 8 bits with a step each, keys to 7 and values to 8 with a middle and a step each channel of a head, powers to 7 bits.
 *
 * What keys lose is small because their middle is taken off first, which changes no softmax (SageAttention, arXiv 2410.02367); their steps are multiplied into the queries.
 * Powers are relative to the largest score of their block of keys, not of the text, and their sum is that of what they were rounded to, so that weights sum to 1.
 *
 * Nothing overflows: a score is at most dim * 127 * 127, and a sum over a block of keys 256 * 127 * 127.
 */
import { addScaled, exp2, madd, maxLanes, maxWhole, NO_SCORE, round4, roundChannels, SMALLEST, sumWhole } from "../math.ts";

/** Queries of a tile: twelve sums, two vectors of keys or values, and what they are multiplied with are fifteen registers, of which there are no more. */
const ROWS: i32 = 6;
/** Queries that go over the keys together: a multiple of ROWS. */
const QUERIES: i32 = 48;
const KEYS: i32 = 256;
const SCORE_BYTES: usize = 1024;
const POWER_BYTES: usize = 256;

const LARGEST: f32 = 127;
/** Steps from a key's middle to its ends. */
const KEY_REACH: f32 = 63;
const KEY_MIDDLE: i16 = 64;

/** Differences of scores come to sixteenths of an exponent of two by a factor of so many parts of 2^15: no less, for 32767 of them have to be more than 8 exponents. */
const LEAST_FACTOR: f32 = 137;
const LARGEST_FACTOR: f32 = 32767;

// Of a text's scratch, 64 numbers each: what was found of each channel.
const KEY_STEPS: usize = 0;
const VALUE_STEPS: usize = 256;
const VALUE_MIDDLES: usize = 512;
const KEY_MIDDLES: usize = 768;
const KEY_INVERSES: usize = 1024;
const VALUE_INVERSES: usize = 1280;
const CHANNEL_BYTES: usize = 1536;

/** Bytes of scratch for a text of that many tokens. */
export function bytesAttentionScratch(tokens: i32, dim: i32): usize {
  const padded = <usize>((tokens + 15) & ~15);
  return CHANNEL_BYTES + 2 * padded * <usize>dim + 5 * <usize>QUERIES * <usize>dim + <usize>ROWS * (SCORE_BYTES + POWER_BYTES + 8) + 16 * <usize>QUERIES;
}

/** Smallest and largest number of each channel to middles and inverses of steps; also the steps. */
function measure(x: usize, stride: usize, tokens: i32, dim: i32, reach: f32, middles: usize, steps: usize, inverses: usize): void {
  const bytes = <usize>dim * 4;
  memory.copy(middles, x, bytes);
  memory.copy(inverses, x, bytes);
  for (let token = 1; token < tokens; token++) {
    x += stride;
    for (let d: usize = 0; d < bytes; d += 16) {
      const v = v128.load(x + d);
      v128.store(middles + d, f32x4.pmin(v128.load(middles + d), v));
      v128.store(inverses + d, f32x4.pmax(v128.load(inverses + d), v));
    }
  }
  for (let d: usize = 0; d < bytes; d += 4) {
    const least = load<f32>(middles + d);
    const half: f32 = (load<f32>(inverses + d) - least) * 0.5;
    store<f32>(middles + d, least + half);
    store<f32>(steps + d, half / reach);
    store<f32>(inverses + d, half < SMALLEST ? 0 : reach / half);
  }
}

/**
 * The head's keys and values, rounded, in the order in which {@link attendBytes} reads them.
 *
 * @param key f32, first number of the head's first key; rows are `stride` bytes apart, as those of value
 * @param dim numbers of a head, a multiple of 8, at most 64
 * @param scratch bytesAttentionScratch(tokens, dim) bytes: of each channel steps and middles, keys u8 [tokens / 8][dim / 4][8][4] around 64, values i8
 *   [dim / 8][tokens / 4][8][4], both filled up with repetitions to whole sixteens
 */
export function packKeysAndValuesBytes(key: usize, value: usize, stride: usize, tokens: i32, dim: i32, scratch: usize): void {
  const padded = (tokens + 15) & ~15;
  const keys = scratch + CHANNEL_BYTES;
  const values = keys + <usize>padded * <usize>dim;
  measure(key, stride, tokens, dim, KEY_REACH, scratch + KEY_MIDDLES, scratch + KEY_STEPS, scratch + KEY_INVERSES);
  measure(value, stride, tokens, dim, LARGEST, scratch + VALUE_MIDDLES, scratch + VALUE_STEPS, scratch + VALUE_INVERSES);
  for (let token = 0; token < padded; token++) {
    const from = key + <usize>min(token, tokens - 1) * stride;
    let to = keys + <usize>(token >> 3) * <usize>dim * 8 + <usize>(token & 7) * 4;
    for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
      const eight = i16x8.add(roundChannels(from + d, scratch + KEY_MIDDLES + d, scratch + KEY_INVERSES + d), i16x8.splat(KEY_MIDDLE));
      const bytes = i8x16.narrow_i16x8_s(eight, eight);
      v128.store_lane<i32>(to, bytes, 0);
      v128.store_lane<i32>(to, bytes, 1, 32);
      to += 64;
    }
  }
  const middles = scratch + VALUE_MIDDLES;
  const inverses = scratch + VALUE_INVERSES;
  for (let token = 0; token < padded; token += 4) {
    const v0 = value + <usize>min(token, tokens - 1) * stride;
    const v1 = value + <usize>min(token + 1, tokens - 1) * stride;
    const v2 = value + <usize>min(token + 2, tokens - 1) * stride;
    const v3 = value + <usize>min(token + 3, tokens - 1) * stride;
    let to = values + <usize>token * 8;
    for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
      const low = i8x16.narrow_i16x8_s(roundChannels(v0 + d, middles + d, inverses + d), roundChannels(v1 + d, middles + d, inverses + d));
      const high = i8x16.narrow_i16x8_s(roundChannels(v2 + d, middles + d, inverses + d), roundChannels(v3 + d, middles + d, inverses + d));
      v128.store(to, v128.shuffle<i8>(low, high, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27));
      v128.store(to, v128.shuffle<i8>(low, high, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31), 16);
      to += <usize>padded * 8;
    }
  }
}

/**
 * softmax(scale Q Kᵀ) V of queries [first, last) of a text. `out` may be where the queries are: a block of them is read before it is written.
 *
 * @param query f32, first number of the head's first query; rows are `stride` bytes apart, as those of out
 * @param scratch as packKeysAndValuesBytes left it
 */
export function attendBytes(query: usize, out: usize, stride: usize, tokens: i32, dim: i32, first: i32, last: i32, scale: f32, scratch: usize): void {
  const padded = (tokens + 15) & ~15;
  const keysAt = scratch + CHANNEL_BYTES;
  const values = keysAt + <usize>padded * <usize>dim;
  const packed = values + <usize>padded * <usize>dim;
  const sums = packed + <usize>QUERIES * <usize>dim;
  const scores = sums + <usize>QUERIES * <usize>dim * 4;
  const powers = scores + <usize>ROWS * SCORE_BYTES;
  // Of each query of a tile: by what its sums shrink, and by what those of the block at hand are to be multiplied.
  const shrinking = powers + <usize>ROWS * POWER_BYTES;
  const growing = shrinking + <usize>ROWS * 4;
  // Of each query: what its scores begin with, their factor, the largest of them, the sum of powers.
  const offsets = growing + <usize>ROWS * 4;
  const factors = offsets + <usize>QUERIES * 4;
  const largest = factors + <usize>QUERIES * 4;
  const totals = largest + <usize>QUERIES * 4;
  const exponent: f32 = scale * <f32>Math.LOG2E * 16;

  for (let block = first; block < last; block += QUERIES) {
    const queries = min(QUERIES, last - block);
    for (let row = 0; row < QUERIES; row++) {
      packQuery(query + <usize>(block + min(row, queries - 1)) * stride, dim, exponent, scratch, packed, row, offsets, factors);
      store<i32>(largest + <usize>row * 4, NO_SCORE);
      store<f32>(totals + <usize>row * 4, 0);
    }
    memory.fill(sums, 0, <usize>QUERIES * <usize>dim * 4);
    for (let keyBlock = 0; keyBlock < tokens; keyBlock += KEYS) {
      const keys = min(KEYS, tokens - keyBlock);
      const filled = (keys + 15) & ~15;
      for (let row = 0; row < queries; row += ROWS) {
        const at = <usize>row * 4;
        scoreGroup(packed + <usize>row * <usize>dim, offsets + at, keysAt + <usize>keyBlock * <usize>dim, filled, dim, scores);
        for (let r: usize = 0; r < <usize>ROWS; r++) {
          for (let key = keys; key < filled; key++) store<i32>(scores + r * SCORE_BYTES + <usize>key * 4, NO_SCORE);
        }
        softmaxGroup(scores, filled, factors + at, largest + at, totals + at, powers, shrinking, growing);
        sumGroup(powers, values + <usize>keyBlock * 8, <usize>padded * 8, filled, dim, shrinking, growing, sums + at * <usize>dim);
      }
    }
    for (let row = 0; row < queries; row++) {
      const inverse = f32x4.splat(<f32>1 / load<f32>(totals + <usize>row * 4));
      const from = sums + <usize>row * <usize>dim * 4;
      const to = out + <usize>(block + row) * stride;
      for (let d: usize = 0; d < <usize>dim * 4; d += 16) {
        const mean = f32x4.mul(v128.load(from + d), inverse);
        v128.store(to + d, madd(mean, v128.load(scratch + d, VALUE_STEPS), v128.load(scratch + d, VALUE_MIDDLES)));
      }
    }
  }
}

/** A query times the keys' steps, rounded, to its place in i8 [QUERIES / ROWS][dim / 4][ROWS][4]. Its step is such that the factor of its scores is whole. */
function packQuery(query: usize, dim: i32, exponent: f32, scratch: usize, packed: usize, row: i32, offsets: usize, factors: usize): void {
  let m = f32x4.splat(0);
  for (let d: usize = 0; d < <usize>dim * 4; d += 16) m = f32x4.pmax(f32x4.abs(f32x4.mul(v128.load(query + d), v128.load(scratch + d, KEY_STEPS))), m);
  const unit: f32 = exponent * 32768;
  const factor: f32 = max<f32>(LEAST_FACTOR, Mathf.ceil((maxLanes(m) / LARGEST) * unit));
  const inverse = f32x4.splat(unit / factor);
  const group = row / ROWS;
  let to = packed + <usize>group * <usize>ROWS * <usize>dim + <usize>(row - group * ROWS) * 4;
  let sum = i32x4.splat(0);
  for (let d: usize = 0; d < <usize>dim * 4; d += 32) {
    const low = round4(f32x4.mul(v128.load(query + d), v128.load(scratch + d, KEY_STEPS)), inverse);
    const high = round4(f32x4.mul(v128.load(query + d, 16), v128.load(scratch + d, KEY_STEPS + 16)), inverse);
    const eight = i16x8.narrow_i32x4_s(low, high);
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(eight, i16x8.splat(-KEY_MIDDLE)));
    const bytes = i8x16.narrow_i16x8_s(eight, eight);
    v128.store_lane<i32>(to, bytes, 0);
    v128.store_lane<i32>(to, bytes, 1, 24);
    to += 48;
  }
  store<i32>(offsets + <usize>row * 4, sumWhole(sum));
  // Where steps are so large that this bounds, their error is many exponents.
  store<i32>(factors + <usize>row * 4, <i32>min<f32>(factor, LARGEST_FACTOR));
}

/** scores i32 [ROWS][KEYS] of a group of queries and a block of keys, a multiple of 8 of them. */
function scoreGroup(packed: usize, offsets: usize, keysAt: usize, keys: i32, dim: i32, scores: usize): void {
  const keyBytes = <usize>dim * 8;
  for (const last = keysAt + <usize>keys * <usize>dim; keysAt < last; ) {
    let a00 = v128.load32_splat(offsets);
    let a01 = a00;
    let a10 = v128.load32_splat(offsets, 4);
    let a11 = a10;
    let a20 = v128.load32_splat(offsets, 8);
    let a21 = a20;
    let a30 = v128.load32_splat(offsets, 12);
    let a31 = a30;
    let a40 = v128.load32_splat(offsets, 16);
    let a41 = a40;
    let a50 = v128.load32_splat(offsets, 20);
    let a51 = a50;
    let q = packed;
    for (const end = keysAt + keyBytes; keysAt < end; keysAt += 64) {
      let k0 = v128.load(keysAt);
      let k1 = v128.load(keysAt, 16);
      let v = v128.load32_splat(q);
      a00 = v128.relaxed_dot_add<i32>(v, k0, a00);
      a01 = v128.relaxed_dot_add<i32>(v, k1, a01);
      v = v128.load32_splat(q, 4);
      a10 = v128.relaxed_dot_add<i32>(v, k0, a10);
      a11 = v128.relaxed_dot_add<i32>(v, k1, a11);
      v = v128.load32_splat(q, 8);
      a20 = v128.relaxed_dot_add<i32>(v, k0, a20);
      a21 = v128.relaxed_dot_add<i32>(v, k1, a21);
      v = v128.load32_splat(q, 12);
      a30 = v128.relaxed_dot_add<i32>(v, k0, a30);
      a31 = v128.relaxed_dot_add<i32>(v, k1, a31);
      v = v128.load32_splat(q, 16);
      a40 = v128.relaxed_dot_add<i32>(v, k0, a40);
      a41 = v128.relaxed_dot_add<i32>(v, k1, a41);
      v = v128.load32_splat(q, 20);
      a50 = v128.relaxed_dot_add<i32>(v, k0, a50);
      a51 = v128.relaxed_dot_add<i32>(v, k1, a51);
      k0 = v128.load(keysAt, 32);
      k1 = v128.load(keysAt, 48);
      v = v128.load32_splat(q, 24);
      a00 = v128.relaxed_dot_add<i32>(v, k0, a00);
      a01 = v128.relaxed_dot_add<i32>(v, k1, a01);
      v = v128.load32_splat(q, 28);
      a10 = v128.relaxed_dot_add<i32>(v, k0, a10);
      a11 = v128.relaxed_dot_add<i32>(v, k1, a11);
      v = v128.load32_splat(q, 32);
      a20 = v128.relaxed_dot_add<i32>(v, k0, a20);
      a21 = v128.relaxed_dot_add<i32>(v, k1, a21);
      v = v128.load32_splat(q, 36);
      a30 = v128.relaxed_dot_add<i32>(v, k0, a30);
      a31 = v128.relaxed_dot_add<i32>(v, k1, a31);
      v = v128.load32_splat(q, 40);
      a40 = v128.relaxed_dot_add<i32>(v, k0, a40);
      a41 = v128.relaxed_dot_add<i32>(v, k1, a41);
      v = v128.load32_splat(q, 44);
      a50 = v128.relaxed_dot_add<i32>(v, k0, a50);
      a51 = v128.relaxed_dot_add<i32>(v, k1, a51);
      q += 48;
    }
    v128.store(scores, a00);
    v128.store(scores, a01, 16);
    v128.store(scores, a10, 1024);
    v128.store(scores, a11, 1040);
    v128.store(scores, a20, 2048);
    v128.store(scores, a21, 2064);
    v128.store(scores, a30, 3072);
    v128.store(scores, a31, 3088);
    v128.store(scores, a40, 4096);
    v128.store(scores, a41, 4112);
    v128.store(scores, a50, 5120);
    v128.store(scores, a51, 5136);
    scores += 32;
  }
}

/**
 * Scores to powers of two relative to the block's largest: u8, 127 for 1. An exponent has steps of 1/16: its fraction is looked up in a table of sixteen, and so is
 * the power of two of what is whole of it. Keys that are not there have 0.
 */
function softmaxGroup(scores: usize, keys: i32, factors: usize, largest: usize, totals: usize, powers: usize, shrinking: usize, growing: usize): void {
  const fractions = i8x16(127, 122, 116, 112, 107, 102, 98, 94, 90, 86, 82, 79, 76, 72, 69, 66);
  const wholes = i8x16(-128, -64, -32, -16, -8, -4, -2, -1, 0, 0, 0, 0, 0, 0, 0, 0);
  const nibble = i8x16.splat(15);
  const half = i16x8.splat(64);
  const even = i16x8.splat(0x00ff);
  const odd = i16x8.splat(<i16>0xff00);
  const one = i8x16.splat(1);
  for (let row = 0; row < ROWS; row++) {
    const end = scores + <usize>keys * 4;
    let m0 = v128.load(scores);
    let m1 = v128.load(scores, 16);
    for (let at = scores; at < end; at += 64) {
      m0 = i32x4.max_s(v128.load(at), m0);
      m1 = i32x4.max_s(v128.load(at, 16), m1);
      m0 = i32x4.max_s(v128.load(at, 32), m0);
      m1 = i32x4.max_s(v128.load(at, 48), m1);
    }
    const most = maxWhole(i32x4.max_s(m0, m1));
    const shift = i32x4.splat(most);
    const whole = load<i32>(factors);
    const factor = i16x8.splat(<i16>whole);
    let sum = i32x4.splat(0);
    let to = powers;
    for (let at = scores; at < end; at += 64) {
      const low = i16x8.narrow_i32x4_s(i32x4.sub(shift, v128.load(at)), i32x4.sub(shift, v128.load(at, 16)));
      const high = i16x8.narrow_i32x4_s(i32x4.sub(shift, v128.load(at, 32)), i32x4.sub(shift, v128.load(at, 48)));
      const x = i8x16.narrow_i16x8_u(v128.relaxed_q15mulr<i16>(low, factor), v128.relaxed_q15mulr<i16>(high, factor));
      const f = v128.relaxed_swizzle(fractions, v128.and(x, nibble));
      const n = v128.relaxed_swizzle(wholes, v128.and(i16x8.shr_u(x, 4), nibble));
      const evens = i16x8.shr_u(i16x8.sub(half, v128.relaxed_dot<i16>(n, v128.and(f, even))), 7);
      const odds = i16x8.shl(i16x8.sub(half, v128.relaxed_dot<i16>(n, v128.and(f, odd))), 1);
      const p = v128.or(evens, v128.and(odds, odd));
      v128.store(to, p);
      sum = v128.relaxed_dot_add<i32>(one, p, sum);
      to += 16;
    }
    // An exponent is sixteen times 2^15 of a score times its factor.
    const unit: f32 = <f32>whole * <f32>(1.0 / 524288.0);
    const before = load<i32>(largest);
    const now = max<i32>(before, most);
    const shrink = exp2(<f32>(before - now) * unit);
    const grow = exp2(<f32>(most - now) * unit);
    store<f32>(shrinking, shrink);
    store<f32>(growing, grow);
    store<i32>(largest, now);
    store<f32>(totals, load<f32>(totals) * shrink + grow * <f32>sumWhole(sum));
    scores += SCORE_BYTES;
    powers += POWER_BYTES;
    factors += 4;
    largest += 4;
    totals += 4;
    shrinking += 4;
    growing += 4;
  }
}

/** sums f32 [ROWS][dim]: what they were times `shrinking`, and powers times values times `growing`, four keys at a time. */
function sumGroup(powers: usize, valuesAt: usize, valueStride: usize, keys: i32, dim: i32, shrinking: usize, growing: usize, sums: usize): void {
  const rowBytes = <usize>dim * 4;
  const bytes = <usize>keys * 8;
  for (let d = 0; d < dim; d += 8) {
    let a00 = i32x4.splat(0);
    let a01 = i32x4.splat(0);
    let a10 = i32x4.splat(0);
    let a11 = i32x4.splat(0);
    let a20 = i32x4.splat(0);
    let a21 = i32x4.splat(0);
    let a30 = i32x4.splat(0);
    let a31 = i32x4.splat(0);
    let a40 = i32x4.splat(0);
    let a41 = i32x4.splat(0);
    let a50 = i32x4.splat(0);
    let a51 = i32x4.splat(0);
    let p = powers;
    for (let at = valuesAt, end = at + bytes; at < end; at += 64) {
      let v0 = v128.load(at);
      let v1 = v128.load(at, 16);
      let v = v128.load32_splat(p);
      a00 = v128.relaxed_dot_add<i32>(v0, v, a00);
      a01 = v128.relaxed_dot_add<i32>(v1, v, a01);
      v = v128.load32_splat(p, 256);
      a10 = v128.relaxed_dot_add<i32>(v0, v, a10);
      a11 = v128.relaxed_dot_add<i32>(v1, v, a11);
      v = v128.load32_splat(p, 512);
      a20 = v128.relaxed_dot_add<i32>(v0, v, a20);
      a21 = v128.relaxed_dot_add<i32>(v1, v, a21);
      v = v128.load32_splat(p, 768);
      a30 = v128.relaxed_dot_add<i32>(v0, v, a30);
      a31 = v128.relaxed_dot_add<i32>(v1, v, a31);
      v = v128.load32_splat(p, 1024);
      a40 = v128.relaxed_dot_add<i32>(v0, v, a40);
      a41 = v128.relaxed_dot_add<i32>(v1, v, a41);
      v = v128.load32_splat(p, 1280);
      a50 = v128.relaxed_dot_add<i32>(v0, v, a50);
      a51 = v128.relaxed_dot_add<i32>(v1, v, a51);
      v0 = v128.load(at, 32);
      v1 = v128.load(at, 48);
      v = v128.load32_splat(p, 4);
      a00 = v128.relaxed_dot_add<i32>(v0, v, a00);
      a01 = v128.relaxed_dot_add<i32>(v1, v, a01);
      v = v128.load32_splat(p, 260);
      a10 = v128.relaxed_dot_add<i32>(v0, v, a10);
      a11 = v128.relaxed_dot_add<i32>(v1, v, a11);
      v = v128.load32_splat(p, 516);
      a20 = v128.relaxed_dot_add<i32>(v0, v, a20);
      a21 = v128.relaxed_dot_add<i32>(v1, v, a21);
      v = v128.load32_splat(p, 772);
      a30 = v128.relaxed_dot_add<i32>(v0, v, a30);
      a31 = v128.relaxed_dot_add<i32>(v1, v, a31);
      v = v128.load32_splat(p, 1028);
      a40 = v128.relaxed_dot_add<i32>(v0, v, a40);
      a41 = v128.relaxed_dot_add<i32>(v1, v, a41);
      v = v128.load32_splat(p, 1284);
      a50 = v128.relaxed_dot_add<i32>(v0, v, a50);
      a51 = v128.relaxed_dot_add<i32>(v1, v, a51);
      p += 8;
    }
    let s = sums + <usize>d * 4;
    addScaled(s, a00, a01, v128.load32_splat(shrinking), v128.load32_splat(growing));
    s += rowBytes;
    addScaled(s, a10, a11, v128.load32_splat(shrinking, 4), v128.load32_splat(growing, 4));
    s += rowBytes;
    addScaled(s, a20, a21, v128.load32_splat(shrinking, 8), v128.load32_splat(growing, 8));
    s += rowBytes;
    addScaled(s, a30, a31, v128.load32_splat(shrinking, 12), v128.load32_splat(growing, 12));
    s += rowBytes;
    addScaled(s, a40, a41, v128.load32_splat(shrinking, 16), v128.load32_splat(growing, 16));
    s += rowBytes;
    addScaled(s, a50, a51, v128.load32_splat(shrinking, 20), v128.load32_splat(growing, 20));
    valuesAt += valueStride;
  }
}
