/** The same scores as an index gives them, from compressed vectors: every document is asked for, so that what differs from exact scores is the rounding alone. */
import type { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import type { SearchQuery } from "#search/query.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import type { ScoreTable } from "./score-table.ts";
import type { TextVectors } from "./vector-file.ts";

/** How an index keeps token vectors. */
export type TokenForm = "int8" | "bits";

export interface IndexedText extends TextVectors {
  readonly id: string;
  /** Vocabulary ids of the text, for BM25. */
  readonly words: ArrayLike<number>;
}

export type AskedText = Omit<IndexedText, "id">;

/** An index in memory, filled as the documents come. */
export class MeasuredIndex {
  readonly #index: HybridIndex;
  readonly #places = new Map<string, number>();

  private constructor(index: HybridIndex) {
    this.#index = index;
  }

  /** @param like a document: what it has, the index keeps */
  static async open(like: TextVectors, form: TokenForm, kernels: Kernels): Promise<MeasuredIndex> {
    const settings = {
      fingerprint: "evaluation",
      dense: { dim: like.dense.length },
      lexical: like.lexical !== null,
      tokens: like.colbert && { dim: like.colbert.dim, form, pooling: 1 },
      words: true,
    };
    return new MeasuredIndex(await HybridIndex.open(new MemoryBlobs(), { settings, kernels }));
  }

  /** Bytes that the index takes, all signals together. */
  get bytes(): number {
    return Object.values(this.#index.statistics().bytes).reduce((sum, bytes) => sum + bytes, 0);
  }

  async add(documents: readonly IndexedText[], signal?: AbortSignal): Promise<void> {
    for (const { id } of documents) this.#places.set(id, this.#places.size);
    const known = documents.map(({ id, dense, lexical, colbert, words }) => ({
      id,
      dense,
      lexical: lexical ?? undefined,
      colbert: colbert ?? undefined,
      words,
    }));
    await this.#index.add(known, { signal });
  }

  /** Puts the scores of all documents for a query into the table. */
  async addScores(table: ScoreTable, place: number, query: AskedText, signal?: AbortSignal): Promise<void> {
    const { dense, lexical, colbert, words } = query;
    const asked: SearchQuery = { dense, lexical: lexical ?? undefined, colbert: colbert ?? undefined, words };
    const all = this.#places.size;
    const hits = await this.#index.search(asked, { limit: all, candidates: all, rerank: all, signal });
    const row = place * table.documents;
    for (const { id, parts } of hits) {
      const document = row + this.#places.get(id)!;
      table.column("dense")[document] = parts.dense ?? 0;
      if (lexical) table.column("lexical")[document] = parts.lexical ?? 0;
      if (colbert) table.column("colbert")[document] = parts.colbert ?? 0;
      table.column("bm25")[document] = parts.bm25 ?? 0;
    }
  }

  /** Ids of what a search finds with its default options. */
  async search({ dense, lexical, colbert, words }: AskedText, limit: number, signal?: AbortSignal): Promise<string[]> {
    const asked: SearchQuery = { dense, lexical: lexical ?? undefined, colbert: colbert ?? undefined, words };
    return (await this.#index.search(asked, { limit, signal })).map(({ id }) => id);
  }

  async close(): Promise<void> {
    await this.#index.close();
  }
}
