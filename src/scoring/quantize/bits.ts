/**
 * Vectors in 1 bit a dimension, met by whole queries ("asymmetric").
 *
 * A vector d is stored as the signs s of r = d - centre and one factor f, and <q, d> is taken for <q, centre> + f * <q, s>. With f = |r|² / |r|₁ the estimate
 * has no bias in the direction of r itself (RaBitQ, arXiv 2405.12497, without its rotation).
 */
import { paddedDim } from "./padding.ts";

/** Bytes of a row. */
export function bitRowBytes(dim: number): number {
  return paddedDim(dim) / 8;
}

/**
 * Writes the signs of vector - centre, lowest bit first (1 = not negative; past `dim` 0), and returns the factor.
 * @param target {@link bitRowBytes} bytes
 */
export function quantizeBits(vector: Float32Array, centre: Float32Array | null, target: Uint8Array): number {
  let squares = 0;
  let magnitudes = 0;
  target.fill(0);
  for (let index = 0; index < vector.length; index++) {
    const difference = vector[index]! - (centre ? centre[index]! : 0);
    squares += difference * difference;
    magnitudes += Math.abs(difference);
    if (difference >= 0) target[index >> 3]! |= 1 << (index & 7);
  }
  return magnitudes > 0 ? squares / magnitudes : 0;
}

/** The mean of rows: the centre that makes signs tell most. */
export function meanVector(rows: Float32Array, dim: number): Float32Array {
  const count = rows.length / dim;
  const sums = new Float64Array(dim);
  for (let start = 0; start < rows.length; start += dim) for (let index = 0; index < dim; index++) sums[index]! += rows[start + index]!;
  return Float32Array.from(sums, (sum) => (count > 0 ? sum / count : 0));
}

/** Largest entry of a look-up table: four entries add up in a byte. */
const LARGEST_ENTRY = 63;

/** A query as look-up tables for 1-bit rows. */
export interface QueryTables {
  /** [paddedDim / 4][16]: entry n of a group is the sum of its four numbers with the signs of n's bits, in whole steps above the lowest possible. */
  readonly entries: Uint8Array;
  /** The sum of one entry of each group stands for sum * step + offset. */
  readonly step: number;
  readonly offset: number;
}

/** @param target where to put the entries: 4 bytes a padded dimension */
export function queryTables(query: Float32Array, target: Uint8Array = new Uint8Array(paddedDim(query.length) * 4)): QueryTables {
  let widest = 0;
  let total = 0;
  for (let start = 0; start < query.length; start += 4) {
    let reach = 0;
    for (let index = start; index < Math.min(start + 4, query.length); index++) reach += Math.abs(query[index]!);
    total += reach;
    if (reach > widest) widest = reach;
  }
  const step = (2 * widest) / LARGEST_ENTRY;
  target.fill(0);
  if (step === 0) return { entries: target, step, offset: 0 };
  for (let start = 0; start < query.length; start += 4) {
    const [a, b, c, d] = [query[start]!, query[start + 1] ?? 0, query[start + 2] ?? 0, query[start + 3] ?? 0];
    const reach = Math.abs(a) + Math.abs(b) + Math.abs(c) + Math.abs(d);
    for (let signs = 0; signs < 16; signs++) {
      const sum = (signs & 1 ? a : -a) + (signs & 2 ? b : -b) + (signs & 4 ? c : -c) + (signs & 8 ? d : -d);
      target[start * 4 + signs] = Math.round((sum + reach) / step);
    }
  }
  return { entries: target, step, offset: -total };
}
