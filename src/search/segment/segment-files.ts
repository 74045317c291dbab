/**
 * The open files of one segment, shared by all snapshots that contain it. The last one that lets go closes them and frees what lies in the kernels' memory.
 *
 * Dense rows are either in memory, or (in large indexes) only their sketch is, and rows are read one by one.
 */
import type { ByteStore } from "#core/byte-store.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { LoadedRows, LoadedSketch } from "#scoring/scan/wasm.ts";
import type { ByteCache } from "../format/byte-cache.ts";
import type { SegmentEntry } from "../meta.ts";
import { PostingsFile } from "../postings/postings-file.ts";
import { DenseFile } from "../vectors/dense-file.ts";
import { TokenFile } from "../vectors/token-file.ts";
import { DocumentFile } from "./document-file.ts";
import { type SegmentPart, segmentFile } from "./write-segment.ts";

export class SegmentFiles {
  readonly name: string;
  readonly documents: DocumentFile;
  readonly dense: DenseFile | null;
  readonly lexical: PostingsFile | null;
  readonly words: PostingsFile | null;
  readonly tokens: TokenFile | null;
  /** In the kernels' memory, when they were loaded. */
  rows: LoadedRows | null = null;
  sketch: LoadedSketch | null = null;
  readonly #kernels: Kernels;
  #users = 1;
  #loadingRows: Promise<void> | undefined;
  #loadingSketch: Promise<void> | undefined;

  private constructor(kernels: Kernels, name: string, parts: Pick<SegmentFiles, "documents" | "dense" | "lexical" | "words" | "tokens">) {
    this.#kernels = kernels;
    this.name = name;
    this.documents = parts.documents;
    this.dense = parts.dense;
    this.lexical = parts.lexical;
    this.words = parts.words;
    this.tokens = parts.tokens;
  }

  /** @throws MissingBlobError when another tab merged the segment away; CorruptIndexError */
  static async open(store: ByteStore, kernels: Kernels, cache: ByteCache, { name, files, documents }: SegmentEntry): Promise<SegmentFiles> {
    const file = (part: SegmentPart) => segmentFile(name, part);
    // allSettled, so that a failure does not leave files open that were still being opened.
    const opened = await Promise.allSettled([
      DocumentFile.open(store, file("documents"), cache),
      files.dense === undefined ? null : DenseFile.open(store, file("dense")),
      files.lexical === undefined ? null : PostingsFile.open(store, file("lexical"), "lexical", cache),
      files.words === undefined ? null : PostingsFile.open(store, file("words"), "words", cache),
      files.tokens === undefined ? null : TokenFile.open(store, file("tokens"), cache),
    ] as const);
    const close = () => {
      for (const result of opened) if (result.status === "fulfilled") result.value?.file.close();
    };
    const failure = opened.find((result) => result.status === "rejected");
    if (failure) {
      close();
      throw failure.reason;
    }
    const [documentFile, dense, lexical, words, tokens] = opened.map((result) => (result.status === "fulfilled" ? result.value : null)) as [
      DocumentFile,
      DenseFile | null,
      PostingsFile | null,
      PostingsFile | null,
      TokenFile | null,
    ];
    for (const part of [documentFile, dense, lexical, words, tokens]) {
      if (part && part.documents !== documents) {
        close();
        throw part.file.corrupt(`it has ${part.documents} documents, but the meta file says ${documents}.`);
      }
    }
    return new SegmentFiles(kernels, name, { documents: documentFile, dense, lexical, words, tokens });
  }

  /** Does any snapshot have the segment? */
  get isOpen(): boolean {
    return this.#users > 0;
  }

  /** Bytes of the dense rows. */
  get rowBytes(): number {
    return this.dense?.file.sectionBytes("rows") ?? 0;
  }

  loadRows(): Promise<void> {
    this.#loadingRows ??= this.#load(async (dense) => {
      const rows = await dense.loadRows(this.#kernels);
      if (this.#users === 0) this.#kernels.free(rows.address);
      else this.rows = rows;
    });
    this.#loadingRows.catch(() => {
      this.#loadingRows = undefined;
    });
    return this.#loadingRows;
  }

  loadSketch(): Promise<void> {
    this.#loadingSketch ??= this.#load(async (dense) => {
      const sketch = await dense.loadSketch(this.#kernels);
      if (this.#users === 0) this.#kernels.free(sketch.address);
      else this.sketch = sketch;
    });
    this.#loadingSketch.catch(() => {
      this.#loadingSketch = undefined;
    });
    return this.#loadingSketch;
  }

  /** One more snapshot has the segment. */
  acquire(): SegmentFiles {
    this.#users++;
    return this;
  }

  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    for (const part of [this.documents, this.dense, this.lexical, this.words, this.tokens]) part?.file.close();
    if (this.rows) this.#kernels.free(this.rows.address);
    if (this.sketch) this.#kernels.free(this.sketch.address);
    this.rows = null;
    this.sketch = null;
  }

  async #load(read: (dense: DenseFile) => Promise<void>): Promise<void> {
    if (this.dense) await read(this.dense);
  }
}
