/** A section of fixed-size entries that is too large to hold, read in pages that are checked and kept: for tables of which a search needs a few entries. */
import { xxh32 } from "./checksum.ts";
import { PAGE_BYTES, PAGE_CHECKSUMS, type SectionFile } from "./section-file.ts";

export class PagedSection {
  readonly #file: SectionFile;
  readonly #name: string;
  readonly #bytes: number;
  readonly #checksums: DataView;
  readonly #pages = new Map<number, Promise<DataView>>();
  readonly #mostPages: number;

  private constructor(file: SectionFile, name: string, bytes: number, checksums: DataView, mostBytes: number) {
    this.#file = file;
    this.#name = name;
    this.#bytes = bytes;
    this.#checksums = checksums;
    this.#mostPages = Math.max(1, Math.floor(mostBytes / PAGE_BYTES));
  }

  /** @param mostBytes how much to keep; the pages that were read first go first */
  static async open(file: SectionFile, name: string, mostBytes: number): Promise<PagedSection> {
    const checksums = await file.readSection(`${name}${PAGE_CHECKSUMS}`);
    const bytes = file.sectionBytes(name);
    if (bytes === undefined || checksums.length !== Math.ceil(bytes / PAGE_BYTES) * 4) throw file.corrupt(`its section "${name}" does not fit its checksums.`);
    return new PagedSection(file, name, bytes, new DataView(checksums.buffer), mostBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes [offset, offset + length) of one page; entries whose size divides the page's never cross its border. */
  async entry(offset: number, length: number): Promise<DataView> {
    const page = await this.page(Math.floor(offset / PAGE_BYTES));
    const within = offset % PAGE_BYTES;
    if (within + length > page.byteLength) throw this.#file.corrupt(`its section "${this.#name}" has no entry at ${offset}.`);
    return new DataView(page.buffer, page.byteOffset + within, length);
  }

  page(number: number): Promise<DataView> {
    const kept = this.#pages.get(number);
    if (kept) return kept;
    const wanted = this.#read(number);
    this.#pages.set(number, wanted);
    // A page that could not be read is asked for again next time.
    wanted.catch(() => this.#pages.delete(number));
    if (this.#pages.size > this.#mostPages) this.#pages.delete(this.#pages.keys().next().value!);
    return wanted;
  }

  async #read(number: number): Promise<DataView> {
    const start = number * PAGE_BYTES;
    if (start >= this.#bytes) throw this.#file.corrupt(`its section "${this.#name}" has no page ${number}.`);
    const bytes = await this.#file.readRange(this.#name, start, Math.min(PAGE_BYTES, this.#bytes - start));
    if (xxh32(bytes) !== this.#checksums.getUint32(number * 4, true)) throw this.#file.corrupt(`a checksum of its section "${this.#name}" is wrong.`);
    return new DataView(bytes.buffer);
  }
}
