/**
 * The records of a file of token vectors: what one document's vectors are in bytes.
 *
 *     u16 factors [tokens], then the vectors (int8: i8 [tokens][dim filled up to 16]; bits: u8 [tokens][that / 8]), u32 xxh32
 *
 * See scoring/maxsim/token-matrix.ts for the meaning of factors and vectors.
 */
import type { TokenVectors } from "#core/embedding.ts";
import {
  BIT_FACTOR_UNIT,
  type BitTokens,
  INT8_FACTOR_UNIT,
  type Int8Tokens,
  joinTokens,
  type TokenMatrix,
  toBits,
  toInt8,
} from "#scoring/maxsim/token-matrix.ts";
import { bitRowBytes, quantizeBits } from "#scoring/quantize/bits.ts";
import { paddedDim } from "#scoring/quantize/padding.ts";
import { poolTokens } from "#scoring/quantize/pool-tokens.ts";
import { RECORD_CHECKSUM_BYTES, sealRecord } from "../format/read-records.ts";

/** How token vectors are stored: in 8 bits a number, or in 1. */
export type TokenForm = "int8" | "bits";

export interface TokenSettings {
  readonly dim: number;
  readonly form: TokenForm;
  /** How many times fewer vectors than tokens are kept (see poolTokens); 1 keeps all. */
  readonly pooling: number;
}

/** Most token vectors of a document. */
export const MOST_TOKENS = 65_535;

/** Bytes of one stored vector without its factor. */
function vectorBytes(form: TokenForm, dim: number): number {
  return form === "int8" ? paddedDim(dim) : bitRowBytes(dim);
}

/** Bytes of a token in a record. */
export function tokenBytes(form: TokenForm, dim: number): number {
  return 2 + vectorBytes(form, dim);
}

/** Bytes of a record. */
export function tokenRecordBytes(form: TokenForm, dim: number, tokens: number): number {
  return tokens * tokenBytes(form, dim) + RECORD_CHECKSUM_BYTES;
}

/** A document's token vectors as a record, and how many there are after pooling. */
export function encodeTokens(
  vectors: TokenVectors,
  { dim, form, pooling }: TokenSettings,
): { readonly record: Uint8Array<ArrayBuffer>; readonly tokens: number } {
  const pooled = poolTokens(vectors, pooling);
  const floats = joinTokens([pooled], dim);
  return { record: toRecord(form === "int8" ? toInt8(floats) : toBits(floats)), tokens: pooled.tokens };
}

/** The 1-bit record that an int8 record stands for. It follows from the bytes alone, so it is the same whenever it is made. */
export function sketchOf(record: Uint8Array, dim: number): Uint8Array<ArrayBuffer> {
  const tokens = (record.length - RECORD_CHECKSUM_BYTES) / tokenBytes("int8", dim);
  const [width, rowBytes] = [paddedDim(dim), bitRowBytes(dim)];
  const factors = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const values = new Int8Array(record.buffer, record.byteOffset + tokens * 2, tokens * width);
  const sketch = new Uint8Array(tokenRecordBytes("bits", dim, tokens));
  const view = new DataView(sketch.buffer);
  const vector = new Float32Array(dim);
  for (let token = 0; token < tokens; token++) {
    const unit = factors.getUint16(token * 2, true) * INT8_FACTOR_UNIT;
    for (let index = 0; index < dim; index++) vector[index] = values[token * width + index]! * unit;
    const start = tokens * 2 + token * rowBytes;
    const factor = quantizeBits(vector, null, sketch.subarray(start, start + rowBytes));
    view.setUint16(token * 2, Math.min(Math.round(factor / BIT_FACTOR_UNIT), 65_535), true);
  }
  sealRecord(sketch);
  return sketch;
}

/** Documents' records, with or without their checksums, as one matrix. */
export function toMatrix(form: TokenForm, dim: number, counts: Uint32Array, records: readonly Uint8Array[]): TokenMatrix {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const factors = new Uint16Array(total);
  const row = vectorBytes(form, dim);
  const vectors = new Uint8Array(total * row);
  let token = 0;
  for (const [place, record] of records.entries()) {
    const count = counts[place]!;
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    for (let index = 0; index < count; index++) factors[token + index] = view.getUint16(index * 2, true);
    vectors.set(record.subarray(count * 2, count * (2 + row)), token * row);
    token += count;
  }
  return form === "int8"
    ? { kind: form, dim, counts, factors, values: new Int8Array(vectors.buffer) }
    : { kind: form, dim, counts, factors, bits: vectors, centre: null };
}

/** One document's vectors as a record. */
function toRecord(matrix: Int8Tokens | BitTokens): Uint8Array<ArrayBuffer> {
  const tokens = matrix.factors.length;
  const record = new Uint8Array(tokenRecordBytes(matrix.kind, matrix.dim, tokens));
  const view = new DataView(record.buffer);
  for (const [token, factor] of matrix.factors.entries()) view.setUint16(token * 2, factor, true);
  record.set(matrix.kind === "int8" ? new Uint8Array(matrix.values.buffer) : matrix.bits, tokens * 2);
  sealRecord(record);
  return record;
}
