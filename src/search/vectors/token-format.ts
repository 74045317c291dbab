/**
 * Writes the file of token vectors.
 *
 *     records    a record a document (token-record.ts), in the form that the index has
 *     sketches   form int8 only: a record a document in form bits, made of the one above; chooses whose record is read. The first files lack it
 *     counts     u16 a document: its token vectors
 *
 * Attributes: documents, dim, form.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { SectionWriter } from "../format/section-file.ts";
import type { TokenSettings } from "./token-record.ts";

export interface TokensInput {
  readonly counts: Uint16Array;
  /** All records in order of document. */
  readonly records: () => AsyncIterable<Uint8Array>;
  /** Likewise; null in form bits. */
  readonly sketches: (() => AsyncIterable<Uint8Array>) | null;
}

/** @returns the file's size */
export async function writeTokens(store: ByteStore, name: string, { dim, form }: TokenSettings, { counts, records, sketches }: TokensInput): Promise<number> {
  const writer = await SectionWriter.create(store, name, "tokens");
  try {
    await writer.begin("records");
    for await (const record of records()) await writer.append(record);
    if (sketches) {
      await writer.begin("sketches");
      for await (const record of sketches()) await writer.append(record);
    }
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
