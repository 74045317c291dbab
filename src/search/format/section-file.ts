/**
 * The container of every index file: named sections one after another, then a table of them, then a trailer. The table comes last because a file is written
 * from front to back in one go.
 *
 *     sections, each at a multiple of 16 bytes
 *     table     JSON, UTF-8: { attributes, sections: { name: [offset, bytes, xxh32 or null] } }
 *     trailer   u32 bytes of the table, u32 xxh32 of the table, u16 file kind, u16 format version, "M3WEBIDX"; little-endian
 *
 * Sections without a checksum of their own hold records that have one each, so that a record can be read and checked alone.
 */
import { type BlobReader, type BlobWriter, type ByteRange, type ByteStore, readRanges } from "#core/byte-store.ts";
import { CorruptIndexError, NewerIndexError } from "#core/errors.ts";
import { xxh32 } from "./checksum.ts";
import { FILE_KINDS, type FileKind, FORMAT_VERSION, MAGIC } from "./file-kinds.ts";

const TRAILER_BYTES = 20;
const SECTION_ALIGNMENT = 16;
/** The end of a file that is read first: nearly every table fits in it. */
const TAIL_BYTES = 2048;
/** Small appends are gathered to this before the store sees them. */
const BUFFER_BYTES = 256 << 10;

/** Pages of a paged section. */
export const PAGE_BYTES = 4096;
/** What the section with a paged section's checksums (u32 a page) is called besides. */
export const PAGE_CHECKSUMS = ".pages";

type SectionEntry = readonly [offset: number, bytes: number, checksum: number | null];

interface FileTable {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly sections: Readonly<Record<string, SectionEntry>>;
}

/** Writes one file. Nothing is visible before `finish`. */
export class SectionWriter {
  readonly #kind: FileKind;
  readonly #writer: BlobWriter;
  readonly #sections: Record<string, SectionEntry> = {};
  #position = 0;
  #open: { readonly name: string; readonly offset: number } | null = null;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;

  private constructor(kind: FileKind, writer: BlobWriter) {
    this.#kind = kind;
    this.#writer = writer;
  }

  static async create(store: ByteStore, name: string, kind: FileKind): Promise<SectionWriter> {
    return new SectionWriter(kind, await store.create(name));
  }

  /** A whole section, with a checksum. */
  async section(name: string, bytes: Uint8Array): Promise<void> {
    await this.begin(name);
    await this.append(bytes);
    this.#end(xxh32(bytes));
  }

  /** A section that is read in pages, each with a checksum in a section of its own (see pages.ts). */
  async pagedSection(name: string, bytes: Uint8Array): Promise<void> {
    const checksums = new Uint8Array(Math.ceil(bytes.length / PAGE_BYTES) * 4);
    const view = new DataView(checksums.buffer);
    for (let page = 0; page * PAGE_BYTES < bytes.length; page++) {
      view.setUint32(page * 4, xxh32(bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)), true);
    }
    await this.begin(name);
    await this.append(bytes);
    await this.section(`${name}${PAGE_CHECKSUMS}`, checksums);
  }

  /** Begins a section of records; `append` adds to it until the next section begins. */
  async begin(name: string): Promise<void> {
    if (this.#open) this.#end(null);
    const padding = (SECTION_ALIGNMENT - (this.#position % SECTION_ALIGNMENT)) % SECTION_ALIGNMENT;
    await this.append(new Uint8Array(padding));
    this.#open = { name, offset: this.#position };
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#position += bytes.length;
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#writer.append(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Writes table and trailer, and commits. @returns the file's size */
  async finish(attributes: Readonly<Record<string, unknown>>): Promise<number> {
    if (this.#open) this.#end(null);
    const table = new TextEncoder().encode(JSON.stringify({ attributes, sections: this.#sections } satisfies FileTable));
    const trailer = new Uint8Array(TRAILER_BYTES);
    const view = new DataView(trailer.buffer);
    view.setUint32(0, table.length, true);
    view.setUint32(4, xxh32(table), true);
    view.setUint16(8, FILE_KINDS[this.#kind], true);
    view.setUint16(10, FORMAT_VERSION, true);
    trailer.set(MAGIC, 12);
    await this.append(table);
    await this.append(trailer);
    await this.#flush();
    await this.#writer.commit();
    return this.#position;
  }

  async abort(): Promise<void> {
    await this.#writer.abort();
  }

  #end(checksum: number | null): void {
    if (!this.#open) return;
    this.#sections[this.#open.name] = [this.#open.offset, this.#position - this.#open.offset, checksum];
    this.#open = null;
  }

  async #flush(): Promise<void> {
    if (this.#buffered > 0) await this.#writer.append(this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }
}

/** One index file, open for reading. Reads of missing sections, and everything that does not fit together, are CorruptIndexErrors. */
export class SectionFile {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly #reader: BlobReader;
  readonly #sections: Readonly<Record<string, SectionEntry>>;

  private constructor(name: string, reader: BlobReader, table: FileTable) {
    this.name = name;
    this.#reader = reader;
    this.attributes = table.attributes;
    this.#sections = table.sections;
  }

  /** @throws MissingBlobError; CorruptIndexError; NewerIndexError */
  static async open(store: ByteStore, name: string, kind: FileKind): Promise<SectionFile> {
    const reader = await store.open(name);
    try {
      return new SectionFile(name, reader, await readTable(reader, name, kind));
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  /** Bytes of the whole file. */
  get bytes(): number {
    return this.#reader.bytes;
  }

  /** Bytes of a section, or undefined when the file has none of that name. */
  sectionBytes(name: string): number | undefined {
    return this.#sections[name]?.[1];
  }

  /** A whole section, checked when it has a checksum. */
  async readSection(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const [offset, bytes, checksum] = this.#section(name);
    const section = await this.#reader.read(offset, bytes);
    if (checksum !== null && xxh32(section) !== checksum) throw this.corrupt(`the checksum of its section "${name}" is wrong.`);
    return section;
  }

  /** A part of a section, unchecked. */
  async readRange(name: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#reader.read(this.#place(name, { offset, length }), length);
  }

  /** Many parts of a section, unchecked, in the order asked for. */
  async readRanges(name: string, ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
    return await readRanges(
      this.#reader,
      ranges.map((range) => ({ offset: this.#place(name, range), length: range.length })),
    );
  }

  corrupt(reason: string): CorruptIndexError {
    return new CorruptIndexError(this.name, reason);
  }

  /** A whole number from the attributes, at least 0. */
  count(attribute: string): number {
    const value = this.attributes[attribute];
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.corrupt(`its attribute "${attribute}" is not a count.`);
    return value as number;
  }

  close(): void {
    this.#reader.close();
  }

  /** Where in the file a range of a section begins. */
  #place(name: string, { offset, length }: ByteRange): number {
    const [start, bytes] = this.#section(name);
    if (offset < 0 || length < 0 || offset + length > bytes) throw this.corrupt(`its section "${name}" ends at ${bytes}, before ${offset + length}.`);
    return start + offset;
  }

  #section(name: string): SectionEntry {
    const entry = this.#sections[name];
    if (!entry) throw this.corrupt(`it has no section "${name}".`);
    return entry;
  }
}

async function readTable(reader: BlobReader, name: string, kind: FileKind): Promise<FileTable> {
  if (reader.bytes < TRAILER_BYTES) throw new CorruptIndexError(name, `it has only ${reader.bytes} bytes.`);
  const tailBytes = Math.min(reader.bytes, TAIL_BYTES);
  let tail = await reader.read(reader.bytes - tailBytes, tailBytes);
  const trailer = new DataView(tail.buffer, tail.length - TRAILER_BYTES);
  if (MAGIC.some((byte, index) => trailer.getUint8(12 + index) !== byte)) throw new CorruptIndexError(name, "it does not end as index files do.");
  const version = trailer.getUint16(10, true);
  if (version > FORMAT_VERSION) throw new NewerIndexError(name, version, FORMAT_VERSION);
  if (trailer.getUint16(8, true) !== FILE_KINDS[kind]) throw new CorruptIndexError(name, `it is not a file of ${kind}.`);
  const tableBytes = trailer.getUint32(0, true);
  const tableStart = reader.bytes - TRAILER_BYTES - tableBytes;
  if (tableStart < 0) throw new CorruptIndexError(name, "its table is longer than the file.");
  if (tableBytes + TRAILER_BYTES > tail.length) tail = await reader.read(tableStart, tableBytes + TRAILER_BYTES);
  const table = tail.subarray(tail.length - TRAILER_BYTES - tableBytes, tail.length - TRAILER_BYTES);
  if (xxh32(table) !== trailer.getUint32(4, true)) throw new CorruptIndexError(name, "the checksum of its table is wrong.");
  const parsed: FileTable = JSON.parse(new TextDecoder().decode(table));
  for (const [section, [offset, bytes]] of Object.entries(parsed.sections)) {
    if (!(offset >= 0 && bytes >= 0 && offset + bytes <= tableStart)) throw new CorruptIndexError(name, `its section "${section}" does not lie in it.`);
  }
  return parsed;
}
