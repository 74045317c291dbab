/** One open file of dense vectors: whole into the kernels' memory, or the sketch alone and single rows when they are needed. */
import type { ByteStore } from "#core/byte-store.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import { sketchBytes } from "#scoring/scan/sketch.ts";
import { type LoadedRows, type LoadedSketch, scanRows } from "#scoring/scan/wasm.ts";
import { checkedRecord, readRecords } from "../format/read-records.ts";
import { SectionFile } from "../format/section-file.ts";
import { float32From, rowBytes } from "./dense-format.ts";

/** Rows are read in chunks of about this size. */
const CHUNK_BYTES = 1 << 20;

export class DenseFile {
  readonly documents: number;
  readonly dim: number;
  readonly file: SectionFile;
  readonly #stride: number;

  private constructor(file: SectionFile) {
    this.file = file;
    this.documents = file.count("documents");
    this.dim = file.count("dim");
    this.#stride = rowBytes(this.dim);
    if (file.sectionBytes("rows") !== this.documents * this.#stride) throw file.corrupt("it has another number of rows than of documents.");
  }

  static async open(store: ByteStore, name: string): Promise<DenseFile> {
    return new DenseFile(await SectionFile.open(store, name, "dense"));
  }

  /** All records in order, in chunks of whole records, checked. */
  async *rows(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / this.#stride));
    for (let first = 0; first < this.documents; first += perChunk) {
      const count = Math.min(perChunk, this.documents - first);
      const chunk = await this.file.readRange("rows", first * this.#stride, count * this.#stride);
      for (let at = 0; at < chunk.length; at += this.#stride) checkedRecord(this.file, "rows", chunk.subarray(at, at + this.#stride));
      yield chunk;
    }
  }

  /** Copies all rows into the kernels' memory. The caller frees them. */
  async loadRows(kernels: Kernels): Promise<LoadedRows> {
    const address = kernels.allocate(this.documents * this.#stride);
    try {
      let at = address;
      for await (const chunk of this.rows()) {
        kernels.bytes(at, chunk.length).set(chunk);
        at += chunk.length;
      }
      return { address, stride: this.#stride, count: this.documents };
    } catch (error) {
      kernels.free(address);
      throw error;
    }
  }

  /** Copies the sketch into the kernels' memory. The caller frees it. */
  async loadSketch(kernels: Kernels): Promise<LoadedSketch> {
    const [sketch, centre] = await Promise.all([this.file.readSection("sketch"), this.file.readSection("centre")]);
    if (sketch.length !== sketchBytes(this.documents, this.dim) || centre.length !== this.dim * 4) throw this.file.corrupt("its sketch has a wrong size.");
    const address = kernels.allocate(sketch.length);
    kernels.bytes(address, sketch.length).set(sketch);
    return { address, count: this.documents, centre: float32From(centre) };
  }

  /** Dot products of the query with single rows, which are read now. */
  async scoreRows(kernels: Kernels, query: Float32Array, documents: ArrayLike<number>): Promise<Float32Array> {
    const ranges = Array.from(documents, (document) => ({ offset: document * this.#stride, length: this.#stride }));
    const records = await readRecords(this.file, "rows", ranges);
    const address = kernels.allocate(records.length * this.#stride);
    try {
      const target = kernels.bytes(address, records.length * this.#stride);
      for (const [place, record] of records.entries()) target.set(record, place * this.#stride);
      return scanRows(kernels, query, { address, stride: this.#stride, count: records.length });
    } finally {
      kernels.free(address);
    }
  }
}

/** Dot products with chosen rows of those in memory. */
export function scoreLoadedRows(kernels: Kernels, query: Float32Array, rows: LoadedRows, documents: ArrayLike<number>): Float32Array {
  const { stride } = rows;
  const address = kernels.allocate(documents.length * stride);
  try {
    const memory = kernels.bytes(0, rows.address + rows.count * stride);
    const target = kernels.bytes(address, documents.length * stride);
    for (let place = 0; place < documents.length; place++) {
      const from = rows.address + documents[place]! * stride;
      target.set(memory.subarray(from, from + stride), place * stride);
    }
    return scanRows(kernels, query, { address, stride, count: documents.length });
  } finally {
    kernels.free(address);
  }
}
