/**
 * The file of token vectors.
 *
 *     counts    u16 a document: its token vectors
 *     records   a record a document: u16 factors [tokens], then the vectors (int8: i8 [tokens][dim filled up to 16]; bits: u8 [tokens][that / 8]), u32 xxh32
 *
 * Attributes: documents, dim, form. See scoring/maxsim/token-matrix.ts for the meaning of factors and vectors.
 */
import type { ByteStore } from "#core/byte-store.ts";
import type { TokenVectors } from "#core/embedding.ts";
import { joinTokens, toBits, toInt8 } from "#scoring/maxsim/token-matrix.ts";
import { bitRowBytes } from "#scoring/quantize/bits.ts";
import { paddedDim } from "#scoring/quantize/padding.ts";
import { poolTokens } from "#scoring/quantize/pool-tokens.ts";
import { RECORD_CHECKSUM_BYTES, sealRecord } from "../format/read-records.ts";
import { SectionWriter } from "../format/section-file.ts";

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
export function vectorBytes(form: TokenForm, dim: number): number {
  return form === "int8" ? paddedDim(dim) : bitRowBytes(dim);
}

/** Bytes of a record. */
export function tokenRecordBytes(form: TokenForm, dim: number, tokens: number): number {
  return tokens * (2 + vectorBytes(form, dim)) + RECORD_CHECKSUM_BYTES;
}

/** A document's token vectors as a record, and how many there are after pooling. */
export function encodeTokens(
  vectors: TokenVectors,
  { dim, form, pooling }: TokenSettings,
): { readonly record: Uint8Array<ArrayBuffer>; readonly tokens: number } {
  const pooled = poolTokens(vectors, pooling);
  const floats = joinTokens([pooled], dim);
  const record = new Uint8Array(tokenRecordBytes(form, dim, pooled.tokens));
  const view = new DataView(record.buffer);
  const matrix = form === "int8" ? toInt8(floats) : toBits(floats);
  for (const [token, factor] of matrix.factors.entries()) view.setUint16(token * 2, factor, true);
  const bytes = matrix.kind === "int8" ? new Uint8Array(matrix.values.buffer) : matrix.bits;
  record.set(bytes, pooled.tokens * 2);
  sealRecord(record);
  return { record, tokens: pooled.tokens };
}

/** @param records all records in order of document @returns the file's size */
export async function writeTokens(
  store: ByteStore,
  name: string,
  { dim, form }: TokenSettings,
  counts: Uint16Array,
  records: AsyncIterable<Uint8Array>,
): Promise<number> {
  const writer = await SectionWriter.create(store, name, "tokens");
  try {
    await writer.begin("records");
    for await (const record of records) await writer.append(record);
    const bytes = new Uint8Array(counts.length * 2);
    const view = new DataView(bytes.buffer);
    for (const [document, count] of counts.entries()) view.setUint16(document * 2, count, true);
    await writer.section("counts", bytes);
    return await writer.finish({ documents: counts.length, dim, form });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
