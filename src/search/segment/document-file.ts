/**
 * The file of what a document is besides its vectors: id, what the caller stores with it, and its fields.
 *
 *     records   a record a document: u16 bytes of the id, the id, the stored value (JSON), u32 xxh32
 *     offsets   paged; u32 [documents + 1]: where each record begins, and the end
 *     hashes    u32 xxh32 of an id, u32 document; by rising hash
 *     field:N   a column (fields/column.ts)
 *
 * Attributes: documents, fields (name and type of column N).
 */
import type { ByteRange, ByteStore } from "#core/byte-store.ts";
import { type Column, decodeColumn, encodeColumn } from "../fields/column.ts";
import type { FieldType, FieldValue } from "../fields/field-types.ts";
import type { ByteCache } from "../format/byte-cache.ts";
import { xxh32 } from "../format/checksum.ts";
import { PagedSection } from "../format/pages.ts";
import { RECORD_CHECKSUM_BYTES, readKeptRecords, readRecords, sealRecord } from "../format/read-records.ts";
import { SectionFile, SectionWriter } from "../format/section-file.ts";

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface DocumentRecord {
  readonly id: string;
  /** Undefined when nothing was stored. */
  readonly stored: Json | undefined;
}

/** Longest id in UTF-8 bytes. */
export const MOST_ID_BYTES = 1024;
const OFFSETS_CACHE_BYTES = 512 << 10;
const HASH_BYTES = 8;
/** Records are copied in runs of about this size when a segment is merged. */
const CHUNK_BYTES = 1 << 20;

export function encodeDocument({ id, stored }: DocumentRecord): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(id);
  const value = stored === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(stored));
  const record = new Uint8Array(2 + name.length + value.length + RECORD_CHECKSUM_BYTES);
  new DataView(record.buffer).setUint16(0, name.length, true);
  record.set(name, 2);
  record.set(value, 2 + name.length);
  sealRecord(record);
  return record;
}

/** The id of an encoded record, with or without its checksum. */
function idOf(record: Uint8Array): { readonly bytes: Uint8Array; readonly end: number } {
  const end = 2 + (record[0]! | (record[1]! << 8));
  return { bytes: record.subarray(2, end), end };
}

function decodeDocument(record: Uint8Array): DocumentRecord {
  const { bytes, end } = idOf(record);
  const id = new TextDecoder().decode(bytes);
  return { id, stored: end < record.length ? JSON.parse(new TextDecoder().decode(record.subarray(end))) : undefined };
}

export interface DocumentsInput {
  /** Encoded records in order of document. */
  readonly records: AsyncIterable<Uint8Array>;
  readonly documents: number;
  readonly fields: readonly { readonly name: string; readonly type: FieldType; value(document: number): FieldValue | undefined }[];
}

/** @returns the file's size */
export async function writeDocuments(store: ByteStore, name: string, { records, documents, fields }: DocumentsInput): Promise<number> {
  const writer = await SectionWriter.create(store, name, "documents");
  try {
    const offsets = new Uint8Array((documents + 1) * 4);
    const offsetView = new DataView(offsets.buffer);
    const hashes: { readonly hash: number; readonly document: number }[] = [];
    let offset = 0;
    await writer.begin("records");
    for await (const record of records) {
      hashes.push({ hash: xxh32(idOf(record).bytes), document: hashes.length });
      offset += record.length;
      if (offset > 0xffff_ffff) throw new RangeError(`The records of "${name}" take more than 4 GiB.`);
      offsetView.setUint32(hashes.length * 4, offset, true);
      await writer.append(record);
    }
    await writer.pagedSection("offsets", offsets);
    await writer.section("hashes", encodeHashes(hashes));
    for (const [place, { type, value }] of fields.entries()) await writer.section(`field:${place}`, encodeColumn(type, documents, value));
    return await writer.finish({ documents, fields: fields.map(({ name: field, type }) => ({ name: field, type })) });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function encodeHashes(hashes: { readonly hash: number; readonly document: number }[]): Uint8Array {
  hashes.sort((a, b) => a.hash - b.hash || a.document - b.document);
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { hash, document }] of hashes.entries()) {
    view.setUint32(index * HASH_BYTES, hash, true);
    view.setUint32(index * HASH_BYTES + 4, document, true);
  }
  return bytes;
}

/** One open file of documents. */
export class DocumentFile {
  readonly documents: number;
  readonly file: SectionFile;
  readonly #offsets: PagedSection;
  readonly #cache: ByteCache;
  readonly #columns = new Map<string, Promise<Column>>();
  #hashes: Promise<DataView> | undefined;

  private constructor(file: SectionFile, offsets: PagedSection, cache: ByteCache) {
    this.file = file;
    this.documents = file.count("documents");
    this.#offsets = offsets;
    this.#cache = cache;
    if (offsets.bytes !== (this.documents + 1) * 4) throw file.corrupt("it has another number of records than of documents.");
  }

  static async open(store: ByteStore, name: string, cache: ByteCache): Promise<DocumentFile> {
    const file = await SectionFile.open(store, name, "documents");
    return new DocumentFile(file, await PagedSection.open(file, "offsets", OFFSETS_CACHE_BYTES), cache);
  }

  /** Id and stored value of some documents. */
  async read(documents: readonly number[]): Promise<DocumentRecord[]> {
    return (await readRecords(this.file, "records", await this.#ranges(documents))).map(decodeDocument);
  }

  /** The same for hits, which are kept: often they are hits of the next question too. */
  async readHits(documents: readonly number[]): Promise<DocumentRecord[]> {
    const records = await readKeptRecords(this.#cache, this.file, "records", documents, (missing) => this.#ranges(missing));
    return records.map(decodeDocument);
  }

  /** All records in order, checksums included, unchecked: for merges, which copy them as they are. */
  async *records(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let first = 0; first < this.documents; ) {
      const start = await this.#offset(first);
      const ends: number[] = [];
      while (first + ends.length < this.documents && (ends.at(-1) ?? 0) < CHUNK_BYTES) ends.push((await this.#offset(first + ends.length + 1)) - start);
      const chunk = await this.file.readRange("records", start, ends.at(-1)!);
      for (const [index, end] of ends.entries()) yield chunk.subarray(index === 0 ? 0 : ends[index - 1], end);
      first += ends.length;
    }
  }

  /** The documents whose id may be this one (their hashes agree): look at the records to be sure. */
  async candidates(id: string): Promise<number[]> {
    this.#hashes ??= this.file.readSection("hashes").then(({ buffer }) => new DataView(buffer));
    const hashes = await this.#hashes;
    const wanted = xxh32(new TextEncoder().encode(id));
    let low = 0;
    let high = hashes.byteLength / HASH_BYTES;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (hashes.getUint32(middle * HASH_BYTES, true) < wanted) low = middle + 1;
      else high = middle;
    }
    const found: number[] = [];
    for (let at = low * HASH_BYTES; at < hashes.byteLength && hashes.getUint32(at, true) === wanted; at += HASH_BYTES)
      found.push(hashes.getUint32(at + 4, true));
    return found;
  }

  /** A field of all documents, or undefined when no document of this file has it. */
  async column(field: string): Promise<Column | undefined> {
    const fields = this.file.attributes.fields as readonly { readonly name: string; readonly type: FieldType }[];
    const place = fields.findIndex(({ name }) => name === field);
    if (place < 0) return undefined;
    const kept = this.#columns.get(field);
    if (kept) return await kept;
    const wanted = this.#readColumn(place, fields[place]!.type);
    this.#columns.set(field, wanted);
    wanted.catch(() => this.#columns.delete(field));
    return await wanted;
  }

  async #readColumn(place: number, type: FieldType): Promise<Column> {
    const bytes = await this.file.readSection(`field:${place}`);
    try {
      return decodeColumn(type, bytes, this.documents);
    } catch (cause) {
      throw this.file.corrupt(cause instanceof Error ? cause.message : "a column cannot be read.");
    }
  }

  async #ranges(documents: readonly number[]): Promise<ByteRange[]> {
    return await Promise.all(
      documents.map(async (document) => {
        const [offset, end] = await Promise.all([this.#offset(document), this.#offset(document + 1)]);
        if (end < offset) throw this.file.corrupt("its records are out of order.");
        return { offset, length: end - offset };
      }),
    );
  }

  async #offset(document: number): Promise<number> {
    return (await this.#offsets.entry(document * 4, 4)).getUint32(0, true);
  }
}
