/**
 * Attention of one head over one text, fused (AssemblyScript): blocks of queries go over blocks of keys, and the softmax is corrected as larger scores are met
 * (Dao et al., FlashAttention, arXiv 2205.14135). No more than QUERIES x KEYS scores are ever held. Texts are ragged, so there is no mask: a text's keys are its own.
 */
import { exp4, madd, maxLanes, sumLanes } from "../math.ts";

const QUERIES: i32 = 32;
const KEYS: i32 = 256;
const KEY_BYTES: usize = 1024;

/** Bytes of scratch for a text of that many tokens. */
export function attentionScratch(tokens: i32, dim: i32): usize {
  const padded = <usize>((tokens + 7) & ~7);
  return (2 * padded * <usize>dim + 2 * <usize>QUERIES * <usize>dim + <usize>QUERIES * <usize>KEYS + 3 * <usize>QUERIES) * 4;
}

/**
 * The head's keys and values in the order in which {@link attend} reads them.
 *
 * @param key f32, first number of the head's first key; rows are `stride` bytes apart, as those of value
 * @param dim numbers of a head, a multiple of 8
 * @param scratch attentionScratch(tokens, dim) bytes: keys [tokens / 8][dim][8], values [dim / 8][tokens][8], both filled up with zeros to whole eights
 */
export function packKeysAndValues(key: usize, value: usize, stride: usize, tokens: i32, dim: i32, scratch: usize): void {
  const padded = (tokens + 7) & ~7;
  const values = scratch + <usize>padded * <usize>dim * 4;
  for (let token = 0; token < padded; token++) {
    const keyOut = scratch + (<usize>(token >> 3) * <usize>dim * 8 + <usize>(token & 7)) * 4;
    if (token >= tokens) {
      for (let d = 0; d < dim; d++) store<f32>(keyOut + <usize>d * 32, 0);
      for (let d = 0; d < dim; d += 4) v128.store(values + ((<usize>(d >> 3) * <usize>padded + <usize>token) * 8 + <usize>(d & 7)) * 4, f32x4.splat(0));
      continue;
    }
    for (let d = 0; d < dim; d++) store<f32>(keyOut + <usize>d * 32, load<f32>(key + <usize>d * 4));
    for (let d = 0; d < dim; d += 4) {
      v128.store(values + ((<usize>(d >> 3) * <usize>padded + <usize>token) * 8 + <usize>(d & 7)) * 4, v128.load(value + <usize>d * 4));
    }
    key += stride;
    value += stride;
  }
}

/**
 * softmax(scale Q Kᵀ) V of queries [first, last) of a text. `out` may be where the queries are: a block of them is read before it is written.
 *
 * @param query f32, first number of the head's first query; rows are `stride` bytes apart, as those of out
 * @param scratch as packKeysAndValues left it
 */
export function attend(query: usize, out: usize, stride: usize, tokens: i32, dim: i32, first: i32, last: i32, scale: f32, scratch: usize): void {
  const padded = (tokens + 7) & ~7;
  const values = scratch + <usize>padded * <usize>dim * 4;
  const packed = values + <usize>padded * <usize>dim * 4;
  const scores = packed + <usize>QUERIES * <usize>dim * 4;
  const sums = scores + <usize>QUERIES * KEY_BYTES;
  // Of each query: the factor by which larger scores than before shrink what was summed, the largest score, the sum of powers, the sum of values.
  const factors = sums + <usize>QUERIES * <usize>dim * 4;
  const largest = factors + <usize>QUERIES * 4;
  const totals = largest + <usize>QUERIES * 4;

  for (let block = first; block < last; block += QUERIES) {
    const queries = min(QUERIES, last - block);
    packQueries(query + <usize>block * stride, stride, queries, dim, scale, packed);
    for (let row = 0; row < QUERIES; row++) {
      store<f32>(largest + <usize>row * 4, -f32.MAX_VALUE);
      store<f32>(totals + <usize>row * 4, 0);
    }
    memory.fill(sums, 0, <usize>QUERIES * <usize>dim * 4);
    for (let keyBlock = 0; keyBlock < tokens; keyBlock += KEYS) {
      const keys = min(KEYS, tokens - keyBlock);
      scoreBlock(packed, scratch + <usize>keyBlock * <usize>dim * 4, queries, keys, dim, scores);
      softmaxBlock(scores, queries, keys, largest, totals, factors);
      sumBlock(scores, values + <usize>keyBlock * 32, <usize>padded * 32, queries, keys, dim, factors, sums);
    }
    for (let row = 0; row < queries; row++) {
      const inverse = f32x4.splat(1 / load<f32>(totals + <usize>row * 4));
      const from = sums + <usize>row * <usize>dim * 4;
      const to = out + <usize>(block + row) * stride;
      for (let at: usize = 0; at < <usize>dim * 4; at += 16) v128.store(to + at, f32x4.mul(v128.load(from + at), inverse));
    }
  }
}

/** Queries times scale, f32 [QUERIES / 4][dim][4]; what is missing of the last four is a repetition. */
function packQueries(query: usize, stride: usize, queries: i32, dim: i32, scale: f32, packed: usize): void {
  const rows = (queries + 3) & ~3;
  for (let row = 0; row < rows; row++) {
    const from = query + <usize>min(row, queries - 1) * stride;
    const to = packed + (<usize>(row >> 2) * <usize>dim * 4 + <usize>(row & 3)) * 4;
    for (let d = 0; d < dim; d++) store<f32>(to + <usize>d * 16, load<f32>(from + <usize>d * 4) * scale);
  }
}

/** scores [queries][KEYS] of a block; those of keys that are not there are as low as can be. */
function scoreBlock(packed: usize, keysAt: usize, queries: i32, keys: i32, dim: i32, scores: usize): void {
  const keyBytes = <usize>dim * 32;
  for (let key = 0; key < keys; key += 8) {
    let q = packed;
    let to = scores + <usize>key * 4;
    const end = keysAt + keyBytes;
    for (let row = 0; row < queries; row += 4) {
      let a00 = f32x4.splat(0);
      let a01 = f32x4.splat(0);
      let a10 = f32x4.splat(0);
      let a11 = f32x4.splat(0);
      let a20 = f32x4.splat(0);
      let a21 = f32x4.splat(0);
      let a30 = f32x4.splat(0);
      let a31 = f32x4.splat(0);
      for (let k = keysAt; k < end; k += 32) {
        const k0 = v128.load(k);
        const k1 = v128.load(k, 16);
        let v = v128.load32_splat(q);
        a00 = madd(v, k0, a00);
        a01 = madd(v, k1, a01);
        v = v128.load32_splat(q, 4);
        a10 = madd(v, k0, a10);
        a11 = madd(v, k1, a11);
        v = v128.load32_splat(q, 8);
        a20 = madd(v, k0, a20);
        a21 = madd(v, k1, a21);
        v = v128.load32_splat(q, 12);
        a30 = madd(v, k0, a30);
        a31 = madd(v, k1, a31);
        q += 16;
      }
      v128.store(to, a00);
      v128.store(to, a01, 16);
      v128.store(to, a10, 1024);
      v128.store(to, a11, 1040);
      v128.store(to, a20, 2048);
      v128.store(to, a21, 2064);
      v128.store(to, a30, 3072);
      v128.store(to, a31, 3088);
      to += 4 * KEY_BYTES;
    }
    keysAt = end;
  }
  const padded = (keys + 7) & ~7;
  for (let row = 0; row < queries; row++) {
    for (let key = keys; key < padded; key++) store<f32>(scores + <usize>row * KEY_BYTES + <usize>key * 4, -f32.MAX_VALUE);
  }
}

/** Scores to powers of e, relative to the largest score so far. */
function softmaxBlock(scores: usize, queries: i32, keys: i32, largest: usize, totals: usize, factors: usize): void {
  const bytes = <usize>((keys + 7) & ~7) * 4;
  for (let row = 0; row < queries; row++) {
    const at = scores + <usize>row * KEY_BYTES;
    let m0 = v128.load(at);
    let m1 = v128.load(at, 16);
    for (let k: usize = 32; k < bytes; k += 32) {
      m0 = f32x4.pmax(v128.load(at + k), m0);
      m1 = f32x4.pmax(v128.load(at + k, 16), m1);
    }
    const before = load<f32>(largest + <usize>row * 4);
    const now = max<f32>(before, maxLanes(f32x4.max(m0, m1)));
    const shift = f32x4.splat(now);
    let sum = f32x4.splat(0);
    for (let k: usize = 0; k < bytes; k += 16) {
      const power = exp4(f32x4.sub(v128.load(at + k), shift));
      v128.store(at + k, power);
      sum = f32x4.add(sum, power);
    }
    const factor = f32x4.extract_lane(exp4(f32x4.splat(before - now)), 0);
    store<f32>(factors + <usize>row * 4, factor);
    store<f32>(largest + <usize>row * 4, now);
    store<f32>(totals + <usize>row * 4, load<f32>(totals + <usize>row * 4) * factor + sumLanes(sum));
  }
}

/** sums [queries][dim] = factor * sums + powers times values. */
function sumBlock(powers: usize, valuesAt: usize, valueStride: usize, queries: i32, keys: i32, dim: i32, factors: usize, sums: usize): void {
  const rowBytes = <usize>dim * 4;
  for (let d = 0; d < dim; d += 8) {
    const end = valuesAt + <usize>keys * 32;
    for (let row = 0; row < queries; row += 4) {
      const s0 = sums + <usize>row * rowBytes + <usize>d * 4;
      const s1 = s0 + rowBytes;
      const s2 = s1 + rowBytes;
      const s3 = s2 + rowBytes;
      let v = v128.load32_splat(factors + <usize>row * 4);
      let a00 = f32x4.mul(v, v128.load(s0));
      let a01 = f32x4.mul(v, v128.load(s0, 16));
      v = v128.load32_splat(factors + <usize>row * 4, 4);
      let a10 = f32x4.mul(v, v128.load(s1));
      let a11 = f32x4.mul(v, v128.load(s1, 16));
      v = v128.load32_splat(factors + <usize>row * 4, 8);
      let a20 = f32x4.mul(v, v128.load(s2));
      let a21 = f32x4.mul(v, v128.load(s2, 16));
      v = v128.load32_splat(factors + <usize>row * 4, 12);
      let a30 = f32x4.mul(v, v128.load(s3));
      let a31 = f32x4.mul(v, v128.load(s3, 16));
      let p = powers + <usize>row * KEY_BYTES;
      for (let at = valuesAt; at < end; at += 32) {
        const v0 = v128.load(at);
        const v1 = v128.load(at, 16);
        v = v128.load32_splat(p);
        a00 = madd(v, v0, a00);
        a01 = madd(v, v1, a01);
        v = v128.load32_splat(p, 1024);
        a10 = madd(v, v0, a10);
        a11 = madd(v, v1, a11);
        v = v128.load32_splat(p, 2048);
        a20 = madd(v, v0, a20);
        a21 = madd(v, v1, a21);
        v = v128.load32_splat(p, 3072);
        a30 = madd(v, v0, a30);
        a31 = madd(v, v1, a31);
        p += 4;
      }
      v128.store(s0, a00);
      v128.store(s0, a01, 16);
      v128.store(s1, a10);
      v128.store(s1, a11, 16);
      v128.store(s2, a20);
      v128.store(s2, a21, 16);
      v128.store(s3, a30);
      v128.store(s3, a31, 16);
    }
    valuesAt += valueStride;
  }
}
