/** One open file of token vectors: documents' records, and the 1-bit sketches of them. */
import type { ByteStore } from "#core/byte-store.ts";
import type { TokenMatrix } from "#scoring/maxsim/token-matrix.ts";
import type { ByteCache } from "../format/byte-cache.ts";
import { RECORD_CHECKSUM_BYTES, readKeptRecords } from "../format/read-records.ts";
import { SectionFile } from "../format/section-file.ts";
import { sketchOf, type TokenForm, tokenBytes, toMatrix } from "./token-record.ts";

/** Records are copied in runs of about this size when a segment is merged. */
const CHUNK_BYTES = 4 << 20;

/** Token vectors of some documents, as they are stored. */
export interface TokenRecords {
  readonly form: TokenForm;
  readonly dim: number;
  /** Tokens of each document. */
  readonly counts: Uint32Array;
  /** Without checksums, which were checked. */
  readonly records: readonly Uint8Array[];
}

export class TokenFile {
  readonly documents: number;
  readonly dim: number;
  readonly form: TokenForm;
  readonly file: SectionFile;
  readonly counts: Uint16Array;
  /** Has it 1-bit sketches beside its records? */
  readonly hasSketches: boolean;
  /** Tokens of all documents before each. float64, because there may be more than 2^32. */
  readonly #tokensBefore: Float64Array;
  readonly #cache: ByteCache;

  private constructor(file: SectionFile, counts: Uint16Array, cache: ByteCache) {
    this.file = file;
    this.documents = file.count("documents");
    this.dim = file.count("dim");
    const { form } = file.attributes;
    if (form !== "int8" && form !== "bits") throw file.corrupt("it does not say how its vectors are stored.");
    this.form = form;
    this.counts = counts;
    this.#cache = cache;
    this.#tokensBefore = new Float64Array(counts.length + 1);
    for (const [document, count] of counts.entries()) this.#tokensBefore[document + 1] = this.#tokensBefore[document]! + count;
    this.hasSketches = file.sectionBytes("sketches") !== undefined;
    const fits = (section: string, of: TokenForm) => this.#offset(of, this.documents) === file.sectionBytes(section);
    if (counts.length !== this.documents || !fits("records", form) || (this.hasSketches && !fits("sketches", "bits")))
      throw file.corrupt("its records do not fit its documents.");
  }

  static async open(store: ByteStore, name: string, cache: ByteCache): Promise<TokenFile> {
    const file = await SectionFile.open(store, name, "tokens");
    const bytes = await file.readSection("counts");
    const view = new DataView(bytes.buffer);
    const counts = Uint16Array.from({ length: bytes.length / 2 }, (_, document) => view.getUint16(document * 2, true));
    return new TokenFile(file, counts, cache);
  }

  /** All records in order, checksums included, unchecked: for merges, which copy them as they are. */
  records(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    return this.#all("records", this.form);
  }

  /** All sketches in order, likewise; made now where the file has none. */
  async *sketches(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (this.hasSketches) yield* this.#all("sketches", "bits");
    else for await (const record of this.records()) yield sketchOf(record, this.dim);
  }

  /** Token vectors of documents, as the index has them. */
  async read(documents: ArrayLike<number>): Promise<TokenRecords> {
    return await this.#read("records", this.form, documents);
  }

  /** Sketches of documents: an eighth of the bytes. Only where {@link hasSketches}. */
  async readSketches(documents: ArrayLike<number>): Promise<TokenRecords> {
    return await this.#read("sketches", "bits", documents);
  }

  /** One document's token vectors: for explaining a score. */
  async matrix(document: number): Promise<TokenMatrix> {
    const { form, dim, counts, records } = await this.read([document]);
    return toMatrix(form, dim, counts, records);
  }

  async *#all(section: string, form: TokenForm): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let first = 0; first < this.documents; ) {
      const start = this.#offset(form, first);
      let end = first + 1;
      while (end < this.documents && this.#offset(form, end + 1) - start <= CHUNK_BYTES) end++;
      const chunk = await this.file.readRange(section, start, this.#offset(form, end) - start);
      for (let document = first; document < end; document++)
        yield chunk.subarray(this.#offset(form, document) - start, this.#offset(form, document + 1) - start);
      first = end;
    }
  }

  async #read(section: string, form: TokenForm, documents: ArrayLike<number>): Promise<TokenRecords> {
    const records = await readKeptRecords(this.#cache, this.file, section, documents, (missing) =>
      missing.map((document) => {
        const offset = this.#offset(form, document);
        return { offset, length: this.#offset(form, document + 1) - offset };
      }),
    );
    const counts = Uint32Array.from(documents, (document) => this.counts[document]!);
    return { form, dim: this.dim, counts, records };
  }

  /** Where a document's record begins. */
  #offset(form: TokenForm, document: number): number {
    return this.#tokensBefore[document]! * tokenBytes(form, this.dim) + document * RECORD_CHECKSUM_BYTES;
  }
}
