/**
 * The file of inverted lists by vocabulary id: "lexical" (values are impacts, see impact.ts) and "words" (values are counts in the text, for BM25).
 *
 *     terms       paged; 16 bytes a term, by rising id: u32 id, u32 postings, u32 offset and u32 bytes of its list
 *     firstTerms  u32 a page: the id that it begins with
 *     lists       list after list (list-format.ts)
 *     lengths     words only: u16 a document, tokens of its text (65,535 for more)
 *
 * Attributes: documents, terms; words also totalTokens.
 */
import type { ByteStore } from "#core/byte-store.ts";
import type { ByteCache } from "../format/byte-cache.ts";
import type { FileKind } from "../format/file-kinds.ts";
import { PagedSection } from "../format/pages.ts";
import { PAGE_BYTES, SectionFile, SectionWriter } from "../format/section-file.ts";
import { ListCursor } from "./list-cursor.ts";
import { encodeList, type PostingList } from "./list-format.ts";

const ENTRY_BYTES = 16;
const ENTRIES_PER_PAGE = PAGE_BYTES / ENTRY_BYTES;
/** How much of the dictionary to keep: enough for the pages of a few dozen queries. */
const DICTIONARY_BYTES = 1 << 20;
/** Lists can be as long as this many bytes together, so that an offset fits in its u32. */
const MOST_LIST_BYTES = 0xffff_ffff;

export type PostingsKind = Extract<FileKind, "lexical" | "words">;

export interface PostingsInput {
  readonly documents: number;
  /** Lists by rising id; empty ones are left out. */
  readonly lists: Iterable<readonly [term: number, list: PostingList]> | AsyncIterable<readonly [term: number, list: PostingList]>;
  /** Tokens of each document: words only. */
  readonly lengths?: Uint32Array | undefined;
}

/** @returns the file's size */
export async function writePostings(store: ByteStore, name: string, kind: PostingsKind, input: PostingsInput): Promise<number> {
  const { documents, lengths } = input;
  const lengthOf = lengths && ((document: number) => lengths[document]!);
  const writer = await SectionWriter.create(store, name, kind);
  try {
    const entries: number[] = [];
    let offset = 0;
    await writer.begin("lists");
    for await (const [term, list] of input.lists) {
      if (list.documents.length === 0) continue;
      const bytes = encodeList(list, lengthOf);
      entries.push(term, list.documents.length, offset, bytes.length);
      offset += bytes.length;
      if (offset > MOST_LIST_BYTES) throw new RangeError(`The inverted lists of "${name}" take more than 4 GiB.`);
      await writer.append(bytes);
    }
    const terms = entries.length / 4;
    await writer.pagedSection("terms", littleEndian32(entries));
    const firsts = Array.from({ length: Math.ceil(terms / ENTRIES_PER_PAGE) }, (_, page) => entries[page * ENTRIES_PER_PAGE * 4]!);
    await writer.section("firstTerms", littleEndian32(firsts));
    if (lengths) await writer.section("lengths", littleEndian16(lengths));
    return await writer.finish({ documents, terms, ...(lengths ? { totalTokens: lengths.reduce((sum, length) => sum + length, 0) } : {}) });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function littleEndian32(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setUint32(index * 4, number, true);
  return bytes;
}

function littleEndian16(numbers: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setUint16(index * 2, Math.min(number, 65_535), true);
  return bytes;
}

interface TermEntry {
  readonly term: number;
  readonly count: number;
  readonly offset: number;
  readonly bytes: number;
}

/** One open file of inverted lists. Holds the first id of each page; everything else is read when asked for. */
export class PostingsFile {
  readonly documents: number;
  readonly terms: number;
  /** Tokens of all documents; 0 in a lexical file. */
  readonly totalTokens: number;
  readonly file: SectionFile;
  readonly #dictionary: PagedSection;
  readonly #firstTerms: Uint32Array;
  readonly #cache: ByteCache;
  #lengths: Promise<Uint16Array> | undefined;

  private constructor(file: SectionFile, kind: PostingsKind, dictionary: PagedSection, firstTerms: Uint32Array, cache: ByteCache) {
    this.file = file;
    this.documents = file.count("documents");
    this.terms = file.count("terms");
    this.totalTokens = kind === "words" ? file.count("totalTokens") : 0;
    this.#dictionary = dictionary;
    this.#firstTerms = firstTerms;
    this.#cache = cache;
    if (dictionary.bytes !== this.terms * ENTRY_BYTES) throw file.corrupt("its dictionary has another size than its number of terms tells.");
  }

  static async open(store: ByteStore, name: string, kind: PostingsKind, cache: ByteCache): Promise<PostingsFile> {
    const file = await SectionFile.open(store, name, kind);
    const firsts = await file.readSection("firstTerms");
    const view = new DataView(firsts.buffer);
    const firstTerms = Uint32Array.from({ length: firsts.length / 4 }, (_, page) => view.getUint32(page * 4, true));
    return new PostingsFile(file, kind, await PagedSection.open(file, "terms", DICTIONARY_BYTES), firstTerms, cache);
  }

  /** Cursors at the beginning of the lists of those terms that the file has. */
  async cursors(terms: readonly number[]): Promise<Map<number, ListCursor>> {
    const found = await Promise.all(terms.map(async (term) => [term, await this.#cursor(term)] as const));
    const cursors = new Map<number, ListCursor>();
    for (const [term, cursor] of found) if (cursor) cursors.set(term, cursor);
    return cursors;
  }

  /** In how many documents a term is, deleted ones included. */
  async frequency(term: number): Promise<number> {
    return (await this.#find(term))?.count ?? 0;
  }

  /** Tokens of each document: words only. */
  lengths(): Promise<Uint16Array> {
    this.#lengths ??= this.#readLengths();
    this.#lengths.catch(() => {
      this.#lengths = undefined;
    });
    return this.#lengths;
  }

  /** Every list by rising id, one after the other: for merges. */
  async *lists(): AsyncGenerator<readonly [term: number, cursor: ListCursor]> {
    for (let page = 0; page < this.#firstTerms.length; page++) {
      for (const entry of readEntries(await this.#dictionary.page(page))) {
        yield [entry.term, new ListCursor(await this.file.readRange("lists", entry.offset, entry.bytes), entry.count, this.file.name)];
      }
    }
  }

  async #cursor(term: number): Promise<ListCursor | undefined> {
    const entry = await this.#find(term);
    if (!entry) return undefined;
    const key = `${this.file.name} ${term}`;
    const kept = this.#cache.get(key);
    const bytes = kept ?? (await this.file.readRange("lists", entry.offset, entry.bytes));
    const cursor = new ListCursor(bytes, entry.count, this.file.name, kept !== undefined);
    if (!kept) this.#cache.set(key, bytes);
    return cursor;
  }

  async #find(term: number): Promise<TermEntry | undefined> {
    const page = upperBound(this.#firstTerms, term) - 1;
    if (page < 0) return undefined;
    const entries = await this.#dictionary.page(page);
    let low = 0;
    let high = entries.byteLength / ENTRY_BYTES;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (entries.getUint32(middle * ENTRY_BYTES, true) < term) low = middle + 1;
      else high = middle;
    }
    const at = low * ENTRY_BYTES;
    return at < entries.byteLength && entries.getUint32(at, true) === term ? entryAt(entries, at) : undefined;
  }

  async #readLengths(): Promise<Uint16Array> {
    const bytes = await this.file.readSection("lengths");
    const view = new DataView(bytes.buffer);
    return Uint16Array.from({ length: bytes.length / 2 }, (_, document) => view.getUint16(document * 2, true));
  }
}

function* readEntries(page: DataView): Generator<TermEntry> {
  for (let at = 0; at < page.byteLength; at += ENTRY_BYTES) yield entryAt(page, at);
}

function entryAt(page: DataView, at: number): TermEntry {
  return { term: page.getUint32(at, true), count: page.getUint32(at + 4, true), offset: page.getUint32(at + 8, true), bytes: page.getUint32(at + 12, true) };
}

/** How many entries of a rising array are at most the value. */
function upperBound(values: Uint32Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
