/** The candidates that one segment has for a query, and the scores of single documents in it. */
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import { scanRows, scanSketch } from "#scoring/scan/wasm.ts";
import { type Ranked, topK } from "#scoring/top-k.ts";
import { bm25List, type CorpusStatistics } from "./bm25.ts";
import { type FieldTest, selectDocuments } from "./fields/filter.ts";
import { IMPACT_WEIGHTS } from "./postings/impact.ts";
import { maxScore, type ScoredList, scoreDocuments } from "./postings/max-score.ts";
import type { LiveSegment } from "./snapshot.ts";
import { scoreLoadedRows } from "./vectors/dense-file.ts";
import type { TokenScorer } from "./vectors/token-scorer.ts";

/** What the whole search knows about the query's words. */
export interface WordWeights {
  /** Word → how often it is in the query, times its inverse document frequency. */
  readonly weights: ReadonlyMap<number, number>;
  readonly statistics: CorpusStatistics;
  /** What scores are divided by. */
  readonly reach: number;
}

/** What computes. */
export interface SearchTools {
  readonly kernels: Kernels;
  readonly scorer: TokenScorer;
}

const NONE: Ranked = { places: new Uint32Array(), scores: new Float32Array() };

export class SegmentSearch {
  readonly segment: LiveSegment;
  readonly #kernels: Kernels;
  readonly #scorer: TokenScorer;
  readonly #selected: Uint8Array | null;

  private constructor({ kernels, scorer }: SearchTools, segment: LiveSegment, selected: Uint8Array | null) {
    this.#kernels = kernels;
    this.#scorer = scorer;
    this.segment = segment;
    this.#selected = selected;
  }

  static async create(tools: SearchTools, segment: LiveSegment, tests: readonly FieldTest[]): Promise<SegmentSearch> {
    if (tests.length === 0) return new SegmentSearch(tools, segment, null);
    const { documents } = segment.files;
    const columns = await Promise.all(tests.map(async (test) => ({ test, column: await documents.column(test.field) })));
    return new SegmentSearch(tools, segment, selectDocuments(columns, documents.documents));
  }

  /** May the document be found? */
  readonly accepts = (document: number): boolean => {
    if (this.#selected && ((this.#selected[document >> 3]! >> (document & 7)) & 1) === 0) return false;
    return !this.segment.deletions.has(document);
  };

  /** The nearest documents by the rows themselves, when these are in memory; null when there is a sketch, which is faster even then. */
  nearestRows(query: Float32Array, count: number): Ranked | null {
    const { dense, rows, sketch } = this.segment.files;
    if (!dense) return NONE;
    return rows && !sketch ? topK(scanRows(this.#kernels, query, rows), count, this.accepts) : null;
  }

  /** The nearest documents by the sketch: estimates, to be scored again by {@link dense}. */
  async nearestBySketch(query: Float32Array, count: number): Promise<Ranked> {
    const { files } = this.segment;
    if (!files.dense) return NONE;
    await files.loadSketch();
    // Between the wait and this line the segment cannot be closed: the search holds its snapshot.
    return topK(scanSketch(this.#kernels, query, files.sketch!), count, this.accepts);
  }

  async bestLexical(query: LexicalWeights, count: number): Promise<Ranked> {
    return maxScore(await this.#lexicalLists(query), count, this.accepts);
  }

  async bestWords(words: WordWeights, count: number): Promise<Ranked> {
    return maxScore(await this.#wordLists(words), count, this.accepts);
  }

  /** Dense scores of documents. */
  async dense(query: Float32Array, documents: ArrayLike<number>): Promise<Float32Array> {
    const { dense, rows } = this.segment.files;
    if (!dense || documents.length === 0) return new Float32Array(documents.length);
    return rows ? scoreLoadedRows(this.#kernels, query, rows, documents) : await dense.scoreRows(this.#kernels, query, documents);
  }

  /** Lexical scores of documents in rising order. */
  async lexical(query: LexicalWeights, documents: ArrayLike<number>): Promise<Float32Array> {
    return scoreDocuments(await this.#lexicalLists(query), documents);
  }

  /** BM25 of documents in rising order. */
  async words(words: WordWeights, documents: ArrayLike<number>): Promise<Float32Array> {
    return scoreDocuments(await this.#wordLists(words), documents);
  }

  /** MaxSim of documents. */
  async colbert(query: TokenVectors, documents: ArrayLike<number>): Promise<Float32Array> {
    const { tokens } = this.segment.files;
    if (!tokens || documents.length === 0) return new Float32Array(documents.length);
    return await this.#scorer.score(query, await tokens.read(documents));
  }

  /** MaxSim of documents by 1-bit sketches of their token vectors; exactly where a segment has none. */
  async colbertBySketch(query: TokenVectors, documents: ArrayLike<number>): Promise<Float32Array> {
    const { tokens } = this.segment.files;
    if (!tokens?.hasSketches || documents.length === 0) return await this.colbert(query, documents);
    return this.#scorer.scoreOnKernels(query, await tokens.readSketches(documents));
  }

  async #lexicalLists(query: LexicalWeights): Promise<ScoredList[]> {
    const { lexical } = this.segment.files;
    if (!lexical) return [];
    const cursors = await lexical.cursors(Object.keys(query).map(Number));
    return Array.from(cursors, ([term, cursor]) => {
      const weight = query[term]!;
      return { cursor, score: (_document, impact) => weight * IMPACT_WEIGHTS[impact]!, bound: (largest) => weight * IMPACT_WEIGHTS[largest]! };
    });
  }

  async #wordLists({ weights, statistics }: WordWeights): Promise<ScoredList[]> {
    const { words } = this.segment.files;
    if (!words) return [];
    const [cursors, lengths] = await Promise.all([words.cursors([...weights.keys()]), words.lengths()]);
    return Array.from(cursors, ([word, cursor]) => bm25List(cursor, weights.get(word)!, lengths, statistics));
  }
}
