/** One open file of token vectors: where each document's record lies, and MaxSim of a query with some of them. */
import type { ByteStore } from "#core/byte-store.ts";
import type { TokenVectors } from "#core/embedding.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { TokenMatrix } from "#scoring/maxsim/token-matrix.ts";
import { scoreTable } from "#scoring/maxsim/wasm.ts";
import type { ByteCache } from "../format/byte-cache.ts";
import { readRecords } from "../format/read-records.ts";
import { SectionFile } from "../format/section-file.ts";
import { type TokenForm, tokenRecordBytes, vectorBytes } from "./token-format.ts";

/** Records are copied in runs of about this size when a segment is merged. */
const CHUNK_BYTES = 4 << 20;

export class TokenFile {
  readonly documents: number;
  readonly dim: number;
  readonly form: TokenForm;
  readonly file: SectionFile;
  readonly counts: Uint16Array;
  /** Where each record begins. float64, because a section may be larger than 4 GiB. */
  readonly #offsets: Float64Array;
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
    this.#offsets = new Float64Array(counts.length + 1);
    for (const [document, count] of counts.entries()) this.#offsets[document + 1] = this.#offsets[document]! + tokenRecordBytes(form, this.dim, count);
    if (counts.length !== this.documents || this.#offsets.at(-1) !== file.sectionBytes("records")) throw file.corrupt("its records do not fit its documents.");
  }

  static async open(store: ByteStore, name: string, cache: ByteCache): Promise<TokenFile> {
    const file = await SectionFile.open(store, name, "tokens");
    const bytes = await file.readSection("counts");
    const view = new DataView(bytes.buffer);
    const counts = Uint16Array.from({ length: bytes.length / 2 }, (_, document) => view.getUint16(document * 2, true));
    return new TokenFile(file, counts, cache);
  }

  /** All records in order, checksums included, unchecked: for merges, which copy them as they are. */
  async *records(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let first = 0; first < this.documents; ) {
      let end = first + 1;
      while (end < this.documents && this.#offsets[end + 1]! - this.#offsets[first]! <= CHUNK_BYTES) end++;
      const start = this.#offsets[first]!;
      const chunk = await this.file.readRange("records", start, this.#offsets[end]! - start);
      for (let document = first; document < end; document++) yield chunk.subarray(this.#offsets[document]! - start, this.#offsets[document + 1]! - start);
      first = end;
    }
  }

  /** MaxSim of the query with each of the documents. */
  async score(kernels: Kernels, query: TokenVectors, documents: ArrayLike<number>): Promise<Float32Array> {
    const records = await this.#read(documents);
    const tableBytes = aligned(records.length * 12);
    const address = kernels.allocate(tableBytes + records.reduce((sum, { length }) => sum + aligned(length), 0));
    try {
      const table = kernels.uint32(address, records.length * 3);
      let at = address + tableBytes;
      for (const [place, record] of records.entries()) {
        const tokens = this.counts[documents[place]!]!;
        kernels.bytes(at, record.length).set(record);
        table.set([at, at + tokens * 2, tokens], place * 3);
        at += aligned(record.length);
      }
      return scoreTable(kernels, query, { kind: this.form, dim: this.dim, address, documents: records.length, centre: null });
    } finally {
      kernels.free(address);
    }
  }

  /** One document's token vectors as they are stored: for explaining a score. */
  async matrix(document: number): Promise<TokenMatrix> {
    const [record] = await this.#read([document]);
    const { form, dim } = this;
    const tokens = this.counts[document]!;
    const counts = Uint32Array.of(tokens);
    // A copy of the record alone, so that typed arrays of any element size can begin in it.
    const { buffer } = record!.slice();
    const view = new DataView(buffer);
    const factors = Uint16Array.from({ length: tokens }, (_, token) => view.getUint16(token * 2, true));
    const [start, length] = [tokens * 2, tokens * vectorBytes(form, dim)];
    return form === "int8"
      ? { kind: form, dim, counts, factors, values: new Int8Array(buffer, start, length) }
      : { kind: form, dim, counts, factors, bits: new Uint8Array(buffer, start, length), centre: null };
  }

  async #read(documents: ArrayLike<number>): Promise<Uint8Array[]> {
    const records = Array.from(documents, (document) => this.#cache.get(this.#key(document)));
    const missing = records.flatMap((record, place) => (record ? [] : [place]));
    const ranges = missing.map((place) => {
      const offset = this.#offsets[documents[place]!]!;
      return { offset, length: this.#offsets[documents[place]! + 1]! - offset };
    });
    for (const [index, record] of (await readRecords(this.file, "records", ranges)).entries()) {
      const place = missing[index]!;
      records[place] = record;
      // A copy: the record is a part of whatever was read together with it, which would be kept as a whole.
      this.#cache.set(this.#key(documents[place]!), record.slice());
    }
    return records as Uint8Array[];
  }

  #key(document: number): string {
    return `${this.file.name} ${document}`;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
