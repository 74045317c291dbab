/**
 * Which documents of a segment are deleted. Segments never change, so each change writes a new, small file beside them.
 *
 *     bits    a bit a document, lowest first; 1 = deleted
 *
 * Attributes: documents, deleted.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { SectionFile, SectionWriter } from "../format/section-file.ts";

export class Deletions {
  readonly documents: number;
  readonly count: number;
  readonly #bits: Uint8Array;

  private constructor(documents: number, bits: Uint8Array, count: number) {
    this.documents = documents;
    this.#bits = bits;
    this.count = count;
  }

  static none(documents: number): Deletions {
    return new Deletions(documents, new Uint8Array(Math.ceil(documents / 8)), 0);
  }

  /** @throws MissingBlobError; CorruptIndexError */
  static async read(store: ByteStore, name: string, documents: number): Promise<Deletions> {
    const file = await SectionFile.open(store, name, "deletions");
    const bits = await file.readSection("bits");
    file.close();
    if (file.count("documents") !== documents || bits.length !== Math.ceil(documents / 8)) throw file.corrupt("it is for another number of documents.");
    return new Deletions(documents, bits, file.count("deleted"));
  }

  async write(store: ByteStore, name: string): Promise<void> {
    const writer = await SectionWriter.create(store, name, "deletions");
    try {
      await writer.section("bits", this.#bits);
      await writer.finish({ documents: this.documents, deleted: this.count });
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  has(document: number): boolean {
    return ((this.#bits[document >> 3]! >> (document & 7)) & 1) === 1;
  }

  /** These and more. */
  with(documents: Iterable<number>): Deletions {
    const bits = this.#bits.slice();
    let { count } = this;
    for (const document of documents) {
      const mask = 1 << (document & 7);
      if ((bits[document >> 3]! & mask) === 0) count++;
      bits[document >> 3]! |= mask;
    }
    return new Deletions(this.documents, bits, count);
  }
}
