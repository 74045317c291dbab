/** One score from several: the weighted means of FlagEmbedding's `compute_score`. */
import type { Score } from "#core/score.ts";

/** Weights of the [dense, sparse, colbert] scores, in this order. */
export type ModeWeights = readonly [dense: number, sparse: number, colbert: number];

export const EQUAL_WEIGHTS: ModeWeights = [1, 1, 1];

/**
 * The scores of a pair with their combinations. Each combination is divided by the sum of the weights that it uses; where that sum is 0 it is 0 (FlagEmbedding
 * gives NaN there).
 */
export function combineScores({ dense, sparse, colbert }: Pick<Score, "dense" | "sparse" | "colbert">, weights: ModeWeights = EQUAL_WEIGHTS): Score {
  const [denseWeight, sparseWeight, colbertWeight] = weights;
  const two = sparse * sparseWeight + dense * denseWeight;
  const three = colbert * colbertWeight + two;
  return {
    colbert,
    sparse,
    dense,
    "sparse+dense": divide(two, sparseWeight + denseWeight),
    "colbert+sparse+dense": divide(three, colbertWeight + sparseWeight + denseWeight),
  };
}

function divide(sum: number, weight: number): number {
  return weight === 0 ? 0 : sum / weight;
}
