/** Token vectors of several documents in the three forms in which they are scored, and the ways between them. Documents follow one another without padding. */
import type { TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import { bitRowBytes, quantizeBits } from "../quantize/bits.ts";
import { largestMagnitude, writeInt8 } from "../quantize/int8.ts";
import { paddedDim } from "../quantize/padding.ts";

interface Ragged {
  readonly dim: number;
  /** Tokens of each document; 0 is allowed, such a document scores 0. */
  readonly counts: Uint32Array;
}

export interface FloatTokens extends Ragged {
  readonly kind: "float32";
  /** [tokens][dim] */
  readonly values: Float32Array;
}

export interface Int8Tokens extends Ragged {
  readonly kind: "int8";
  /** [tokens][paddedDim(dim)], zeros past dim. */
  readonly values: Int8Array;
  /** [tokens]: number = value * factor * INT8_FACTOR_UNIT. */
  readonly factors: Uint16Array;
}

export interface BitTokens extends Ragged {
  readonly kind: "bits";
  /** [tokens][paddedDim(dim) / 8], lowest bit first; 1 = not negative. */
  readonly bits: Uint8Array;
  /** [tokens]: number = centre ± factor * BIT_FACTOR_UNIT. */
  readonly factors: Uint16Array;
  /** [dim], or null for all zeros. */
  readonly centre: Float32Array | null;
}

export type TokenMatrix = FloatTokens | Int8Tokens | BitTokens;

/** Factors are whole multiples of a unit that never changes, so that stored documents can be joined byte by byte. Unit vectors need no more than this. */
export const INT8_FACTOR_UNIT = 1 / (127 * 65_535);
/** As above: the factor of a vector that is at most 2 long is below 2. */
export const BIT_FACTOR_UNIT = 2 / 65_535;

/** How far past length 1 a token vector may be: rounding of float16 models included. */
const LONGEST = 1.01;

/** @throws InvalidInputError when the widths differ */
export function joinTokens(documents: readonly TokenVectors[], dim: number): FloatTokens {
  const counts = Uint32Array.from(documents, ({ tokens }) => tokens);
  const values = new Float32Array(counts.reduce((sum, count) => sum + count, 0) * dim);
  let at = 0;
  for (const document of documents) {
    if (document.dim !== dim) throw new InvalidInputError("documents", `token vectors of ${dim} numbers`, document.dim);
    values.set(document.data.subarray(0, document.tokens * dim), at);
    at += document.tokens * dim;
  }
  return { kind: "float32", dim, counts, values };
}

/** @throws InvalidInputError when a vector is longer than 1 (see LONGEST) */
export function toInt8(tokens: FloatTokens): Int8Tokens {
  const { dim, counts } = tokens;
  const stride = paddedDim(dim);
  const total = tokens.values.length / dim;
  const values = new Int8Array(total * stride);
  const factors = new Uint16Array(total);
  for (let token = 0; token < total; token++) {
    const vector = checkLength(tokens.values.subarray(token * dim, (token + 1) * dim), token);
    // Rounded up, so that the largest number still fits in 127 steps; one just above 1 is cut.
    const factor = Math.ceil(largestMagnitude(vector) / 127 / INT8_FACTOR_UNIT);
    factors[token] = Math.min(factor, 65_535);
    if (factor > 0) writeInt8(vector, factors[token]! * INT8_FACTOR_UNIT, values.subarray(token * stride, (token + 1) * stride));
  }
  return { kind: "int8", dim, counts, values, factors };
}

/** @throws InvalidInputError when a vector is longer than 1 (see LONGEST) */
export function toBits(tokens: FloatTokens, centre: Float32Array | null = null): BitTokens {
  const { dim, counts } = tokens;
  const rowBytes = bitRowBytes(dim);
  const total = tokens.values.length / dim;
  const bits = new Uint8Array(total * rowBytes);
  const factors = new Uint16Array(total);
  for (let token = 0; token < total; token++) {
    const vector = checkLength(tokens.values.subarray(token * dim, (token + 1) * dim), token);
    const factor = Math.round(quantizeBits(vector, centre, bits.subarray(token * rowBytes, (token + 1) * rowBytes)) / BIT_FACTOR_UNIT);
    factors[token] = Math.min(factor, 65_535);
  }
  return { kind: "bits", dim, counts, bits, factors, centre };
}

/** The vectors that a matrix stands for, as one row a token: what the references score. */
export function restoreTokens(tokens: TokenMatrix): FloatTokens {
  const { dim, counts } = tokens;
  if (tokens.kind === "float32") return tokens;
  const total = tokens.factors.length;
  const values = new Float32Array(total * dim);
  const stride = paddedDim(dim);
  for (let token = 0; token < total; token++) {
    for (let index = 0; index < dim; index++) {
      values[token * dim + index] =
        tokens.kind === "int8" ? tokens.values[token * stride + index]! * tokens.factors[token]! * INT8_FACTOR_UNIT : bitValue(tokens, token, index);
    }
  }
  return { kind: "float32", dim, counts, values };
}

function bitValue({ dim, bits, factors, centre }: BitTokens, token: number, index: number): number {
  const bit = (bits[token * bitRowBytes(dim) + (index >> 3)]! >> (index & 7)) & 1;
  return (centre ? centre[index]! : 0) + (bit ? 1 : -1) * factors[token]! * BIT_FACTOR_UNIT;
}

function checkLength(vector: Float32Array, token: number): Float32Array {
  let squares = 0;
  for (let index = 0; index < vector.length; index++) squares += vector[index]! ** 2;
  // Not "squares > …": NaN must fail as well.
  if (!(squares <= LONGEST ** 2)) throw new InvalidInputError(`token vector ${token}`, "at most 1 long", Math.sqrt(squares));
  return vector;
}
