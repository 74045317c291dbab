/**
 * The embedding layer, kept out of the graph: word rows from the pages of the artefact, plus position and type rows; the LayerNorm after it is the session's.
 *
 * A page is read when the first of its tokens is met, once for all who wait for it, and then kept as it is stored: a row is made to float32 where it is used.
 */
import { abortable } from "#core/abort.ts";
import { InvalidManifestError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import { pageRows, pageTensorName } from "#core/tensor-layout.ts";
import type { ReadOptions, TensorSource } from "#core/tensor-source.ts";
import { readRows, type StoredRows } from "./stored-rows.ts";

const POSITIONS = "embeddings.position_embeddings.weight";
const TYPES = "embeddings.token_type_embeddings.weight";

export class EmbeddingTable {
  readonly #manifest: Manifest;
  readonly #tensors: TensorSource;
  readonly #pages = new Map<number, Promise<StoredRows>>();
  #positions: Promise<{ positions: StoredRows; types: StoredRows }> | undefined;
  /** Position row + type row 0 of each place in a text, as far as texts were long until now. */
  #places: Float32Array = new Float32Array(0);

  constructor(manifest: Manifest, tensors: TensorSource) {
    this.#manifest = manifest;
    this.#tensors = tensors;
  }

  /** Pages of word rows that were asked for so far. */
  get pagesRead(): number {
    return this.#pages.size;
  }

  /**
   * @param texts ids of each text, special tokens included; positions begin anew with each
   * @returns for a model of kind `onnx`, whose graph has the tables, the ids themselves: [tokens, 1]. Otherwise word + position + type row of every token, text after text: [tokens, hiddenSize]
   * @throws MissingShardError or CorruptShardError for a page that cannot be read; InvalidManifestError for ids or texts beyond the tables; the signal's reason.
   *   Reading goes on after an abort, as others may wait for the same page.
   */
  async gather(texts: readonly Int32Array[], { signal }: ReadOptions = {}): Promise<Float32Array> {
    if (this.#manifest.onnx) return idRows(texts);
    const { rowsPerPage } = this.#manifest.wordEmbeddings;
    const width = this.#manifest.architecture.hiddenSize;
    const longest = texts.reduce((length, ids) => Math.max(length, ids.length), 0);
    const [pages, places] = await abortable(Promise.all([this.#pagesFor(texts), this.#placesFor(longest)]), signal);
    const rows = new Float32Array(texts.reduce((sum, ids) => sum + ids.length, 0) * width);
    let start = 0;
    for (const ids of texts) {
      rows.set(places.subarray(0, ids.length * width), start);
      for (const id of ids) {
        pages.get(Math.floor(id / rowsPerPage))!.addRow(id % rowsPerPage, rows, start);
        start += width;
      }
    }
    return rows;
  }

  /**
   * Reads pages ahead of their tokens, all at the same time; how many of them are fetched at once is the source's affair.
   * @param pages numbers of pages, from 0
   * @throws as {@link gather}; pages that came are kept
   */
  async prefetch(pages: readonly number[], { signal }: ReadOptions = {}): Promise<void> {
    await abortable(Promise.all(pages.map((page) => this.#page(page))), signal);
  }

  /** Lets go of all tables; they are read again when asked for. */
  release(): void {
    this.#pages.clear();
    this.#positions = undefined;
    this.#places = new Float32Array(0);
  }

  async #pagesFor(texts: readonly Int32Array[]): Promise<ReadonlyMap<number, StoredRows>> {
    const { rowsPerPage } = this.#manifest.wordEmbeddings;
    const { vocabSize } = this.#manifest.architecture;
    const needed = new Set<number>();
    for (const ids of texts) {
      for (const id of ids) {
        if (!(id >= 0 && id < vocabSize)) throw new InvalidManifestError(`the tokenizer gives id ${id}, but there are ${vocabSize} word embeddings.`, { id });
        needed.add(Math.floor(id / rowsPerPage));
      }
    }
    return new Map(await Promise.all([...needed].map(async (page) => [page, await this.#page(page)] as const)));
  }

  #page(page: number): Promise<StoredRows> {
    const known = this.#pages.get(page);
    if (known) return known;
    const reading = this.#readPage(page);
    this.#pages.set(page, reading);
    // A failure is not remembered: whoever asks again may have more luck.
    reading.catch(() => this.#pages.get(page) === reading && this.#pages.delete(page));
    return reading;
  }

  async #readPage(page: number): Promise<StoredRows> {
    const { wordEmbeddings, architecture } = this.#manifest;
    return readRows(wordEmbeddings.encoding, pageRows(this.#manifest, page), architecture.hiddenSize, (suffix) =>
      this.#tensors.read(pageTensorName(page, suffix)),
    );
  }

  /** Position row + type row 0 of the first places of a text, at least as many as asked for. */
  async #placesFor(length: number): Promise<Float32Array> {
    const { hiddenSize, positionOffset, maxPositionEmbeddings } = this.#manifest.architecture;
    if (positionOffset + length > maxPositionEmbeddings) {
      throw new InvalidManifestError(`a text of ${length} tokens needs more than the ${maxPositionEmbeddings} rows of the position table.`, { length });
    }
    if (this.#places.length >= length * hiddenSize) return this.#places;
    this.#positions ??= this.#readPositions();
    const { positions, types } = await this.#positions;
    const places = new Float32Array(length * hiddenSize);
    for (let place = 0; place < length; place++) {
      positions.addRow(positionOffset + place, places, place * hiddenSize);
      types.addRow(0, places, place * hiddenSize);
    }
    if (places.length > this.#places.length) this.#places = places;
    return places;
  }

  async #readPositions(): Promise<{ positions: StoredRows; types: StoredRows }> {
    const { maxPositionEmbeddings, typeVocabSize, hiddenSize } = this.#manifest.architecture;
    try {
      const [positions, types] = await Promise.all([
        readRows({ kind: "float" }, maxPositionEmbeddings, hiddenSize, () => this.#tensors.read(POSITIONS)),
        readRows({ kind: "float" }, typeVocabSize, hiddenSize, () => this.#tensors.read(TYPES)),
      ]);
      return { positions, types };
    } catch (error) {
      this.#positions = undefined;
      throw error;
    }
  }
}

/** Ids as numbers: float32 has every integer up to 2^24. */
function idRows(texts: readonly Int32Array[]): Float32Array {
  const rows = new Float32Array(texts.reduce((sum, ids) => sum + ids.length, 0));
  let start = 0;
  for (const ids of texts) {
    rows.set(ids, start);
    start += ids.length;
  }
  return rows;
}
