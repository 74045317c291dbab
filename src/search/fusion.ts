/**
 * One score from the parts: weighted means of raw scores as in M3-Embedding's evaluation (scores of unit vectors and lexical weights are on scales that can be
 * added), or reciprocal ranks (Cormack et al. 2009), which need no common scale.
 */
import { InvalidInputError } from "#core/errors.ts";

/** What each signal gave a document. Null: the query has no such part, or the index does not hold it; in a sum it counts 0. */
export interface ScoreParts {
  readonly dense: number | null;
  readonly lexical: number | null;
  /** Null also for documents that were not among those re-ranked. */
  readonly colbert: number | null;
  /** BM25 as a share of the most that the query could reach, from 0 to 1. */
  readonly bm25: number | null;
}

export type Signal = keyof ScoreParts;

export const SIGNALS: readonly Signal[] = ["dense", "lexical", "colbert", "bm25"];

/** The weight of each signal. */
export type Weights = Readonly<Record<Signal, number>>;

/**
 * Weights of [dense, sparse, colbert, BM25], for queries and corpora of a kind; measured (docs/decisions/default-weights.md). Dense scores of different
 * passages lie much closer together than the other signals', so these need small weights to have an equal say.
 */
export const WEIGHT_PRESETS = {
  balanced: [1, 0.05, 0.4, 0.05],
  /** Passages of a few sentences: fewer words to share. */
  short: [1, 0, 0.5, 0.05],
  /** Pages of several hundred words, of which one vector tells too little. */
  long: [1, 0.1, 0.7, 0.05],
  /** Query and passages in different languages share hardly a word. */
  crossLingual: [1, 0, 0.4, 0],
} as const satisfies Record<string, readonly [dense: number, sparse: number, colbert: number, bm25: number]>;

export type WeightPreset = keyof typeof WEIGHT_PRESETS;

/** A preset's name, or weights of [dense, sparse, colbert] and, where wanted, BM25. */
export type WeightChoice = WeightPreset | readonly [dense: number, sparse: number, colbert: number, bm25?: number];

/** @throws InvalidInputError for an unknown preset, negative or infinite weights, or none above 0 */
export function resolveWeights(choice: WeightChoice): Weights {
  if (typeof choice === "string") {
    if (!Object.hasOwn(WEIGHT_PRESETS, choice)) throw new InvalidInputError("options.weights", `one of ${Object.keys(WEIGHT_PRESETS).join(", ")}`, choice);
    return resolveWeights(WEIGHT_PRESETS[choice]);
  }
  const isList =
    Array.isArray(choice) && choice.length >= 3 && choice.length <= 4 && choice.every((weight) => Number.isFinite(weight) && (weight as number) >= 0);
  const [dense = 0, lexical = 0, colbert = 0, bm25 = 0] = isList ? choice : [];
  if (!(dense + lexical + colbert + bm25 > 0)) {
    throw new InvalidInputError(
      "options.weights",
      "weights [dense, sparse, colbert] or [dense, sparse, colbert, bm25] of at least 0, one of them above",
      choice,
    );
  }
  return { dense, lexical, colbert, bm25 };
}

/** Weighted mean of the parts over the signals that the search uses; those that a document lacks count 0. */
export function weightedMean(parts: ScoreParts, weights: Weights, used: readonly Signal[]): number {
  let sum = 0;
  let total = 0;
  for (const signal of used) {
    sum += weights[signal] * (parts[signal] ?? 0);
    total += weights[signal];
  }
  return total > 0 ? sum / total : 0;
}

/** The k of reciprocal ranks, as in the paper and most systems. */
const RANK_OFFSET = 60;

/**
 * Weighted sums of 1 / (60 + rank), a rank for each signal among all the candidates; a document that a signal does not know, or gives 0, gets nothing from it.
 * Equal scores share the better rank.
 */
export function reciprocalRanks(candidates: readonly ScoreParts[], weights: Weights, used: readonly Signal[]): Float64Array {
  const sums = new Float64Array(candidates.length);
  for (const signal of used) {
    const order = candidates
      .map((parts, place) => ({ place, score: parts[signal] ?? 0 }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score);
    let rank = 0;
    for (const [index, { place, score }] of order.entries()) {
      if (index === 0 || score !== order[index - 1]!.score) rank = index + 1;
      sums[place]! += weights[signal] / (RANK_OFFSET + rank);
    }
  }
  return sums;
}
