/** What is searched for and how, checked at the door. */
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import { checkDense, checkLexical, checkTokens, checkWords } from "./document.ts";
import type { Filter } from "./fields/filter.ts";
import { resolveWeights, type Signal, type WeightChoice, type Weights } from "./fusion.ts";
import type { IndexSettings } from "./settings.ts";

/** The representations of a query. At least one of dense, lexical and words must be there: they find the candidates that colbert then orders. */
export interface SearchQuery {
  readonly dense?: Float32Array | undefined;
  readonly lexical?: LexicalWeights | undefined;
  readonly colbert?: TokenVectors | undefined;
  /** Vocabulary ids of the text, for BM25. */
  readonly words?: ArrayLike<number> | undefined;
}

export interface SearchOptions {
  /** Most hits. Default 10; 0 gives none. */
  readonly limit?: number | undefined;
  /** How the signals are weighed. Default "balanced"; when only words are searched for, BM25 alone. */
  readonly weights?: WeightChoice | undefined;
  /** Weighted means of scores, or reciprocal ranks. Default "weights". */
  readonly fusion?: "weights" | "rrf" | undefined;
  /** Conditions on fields. */
  readonly filter?: Filter | undefined;
  /** How many of the best each of dense, lexical and BM25 contributes. Default max(200, 10 * limit). */
  readonly candidates?: number | undefined;
  /** How many candidates ColBERT orders. Default max(200, limit). */
  readonly rerank?: number | undefined;
  /**
   * Of those, how many are scored with their token vectors as the index has them. When there are more, 1-bit sketches of the vectors choose, which takes an
   * eighth of the reading. Default max(48, 4 * limit); with fusion "rrf" always all.
   */
  readonly rescore?: number | undefined;
  /** Tell for each hit which terms and tokens met. Default false. */
  readonly explain?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Query and options with every default filled in. */
export interface SearchPlan {
  readonly dense: Float32Array | null;
  readonly lexical: LexicalWeights | null;
  readonly colbert: TokenVectors | null;
  readonly words: ArrayLike<number> | null;
  readonly limit: number;
  readonly weights: Weights;
  readonly used: readonly Signal[];
  readonly fusion: "weights" | "rrf";
  readonly filter: Filter | null;
  readonly candidates: number;
  readonly rerank: number;
  readonly rescore: number;
  readonly explain: boolean;
  readonly signal: AbortSignal | undefined;
}

const MOST_HITS = 100_000;
const FEWEST_CANDIDATES = 200;
/** Among the first 48 by sketches are the first ten by whole vectors (docs/benchmarks.md, "The index at scale"). */
const FEWEST_RESCORED = 48;

/** @throws InvalidInputError */
export function planSearch(query: SearchQuery, options: SearchOptions, settings: IndexSettings): SearchPlan {
  const dense = partOf(query.dense, settings.dense !== null, "query.dense");
  const lexical = partOf(query.lexical, settings.lexical, "query.lexical");
  const colbert = partOf(query.colbert, settings.tokens !== null, "query.colbert");
  const words = partOf(query.words, settings.words, "query.words");
  if (dense) checkDense(dense, settings.dense!.dim, "query.dense");
  if (lexical) checkLexical(lexical, "query.lexical");
  if (colbert) checkTokens(colbert, settings.tokens!.dim, "query.colbert");
  if (words) checkWords(words, "query.words");
  if (!dense && !lexical && !words) throw new InvalidInputError("query", "a query with dense, lexical or words: one of them finds the candidates", query);
  const { fusion = "weights", filter = null, explain = false, signal } = options;
  if (fusion !== "weights" && fusion !== "rrf") throw new InvalidInputError("options.fusion", '"weights" or "rrf"', fusion);
  const limit = count(options.limit, 10, 0, "options.limit");
  const rerank = count(options.rerank, Math.max(FEWEST_CANDIDATES, limit), 1, "options.rerank");
  const rescore = count(options.rescore, Math.max(FEWEST_RESCORED, 4 * limit), 1, "options.rescore");
  const used = (["dense", "lexical", "colbert", "bm25"] as const).filter((part) => ({ dense, lexical, colbert, bm25: words })[part] !== null);
  const choice = options.weights ?? (dense || lexical ? "balanced" : [0, 0, 1, 1]);
  return {
    dense,
    lexical,
    colbert,
    words,
    limit,
    weights: resolveWeights(choice),
    used,
    fusion,
    filter,
    candidates: count(options.candidates, Math.max(FEWEST_CANDIDATES, 10 * limit), 1, "options.candidates"),
    rerank,
    // Ranks among a choice are not ranks among all.
    rescore: fusion === "rrf" ? rerank : Math.max(rescore, limit),
    explain,
    signal,
  };
}

function partOf<T>(part: T | undefined, held: boolean, path: string): T | null {
  if (part === undefined) return null;
  if (!held) throw new InvalidInputError(path, "left out, because the index does not hold that representation", part);
  return part;
}

function count(value: number | undefined, fallback: number, least: number, path: string): number {
  if (value === undefined) return Math.min(fallback, MOST_HITS);
  if (!Number.isInteger(value) || value < least || value > MOST_HITS) throw new InvalidInputError(path, `a whole number from ${least} to ${MOST_HITS}`, value);
  return value;
}
