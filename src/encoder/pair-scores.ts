/** Pairs of texts to pairs of scores, once the texts are encoded. */
import { InvalidInputError } from "#core/errors.ts";
import type { Score, Scores } from "#core/score.ts";
import { combineScores, type ModeWeights } from "#scoring/combine.ts";
import { denseScore } from "#scoring/dense.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import type { TextEmbedding } from "./run-texts.ts";

export type Pair = readonly [query: string, passage: string];

/** True for one pair, as against a list of pairs. */
export function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === "string");
}

/** @throws InvalidInputError when it is neither a pair of strings nor a list of such pairs */
export function toPairs(value: unknown): readonly Pair[] {
  if (isPair(value)) return [value];
  if (!Array.isArray(value)) throw new InvalidInputError("pairs", "a [query, passage] pair or an array of pairs", value);
  for (let index = 0; index < value.length; index++) {
    if (!isPair(value[index])) throw new InvalidInputError(`pairs[${index}]`, "a [query, passage] pair of strings", value[index]);
  }
  return value;
}

/** @param pairs embeddings by all three heads */
export function scorePairs(pairs: readonly (readonly [query: TextEmbedding, passage: TextEmbedding])[], weights: ModeWeights): Score[] {
  return pairs.map(([query, passage]) =>
    combineScores(
      {
        dense: denseScore(query.dense!, passage.dense!),
        sparse: computeLexicalMatchingScore(query.lexical!, passage.lexical!),
        colbert: colbertScore(query.colbert!, passage.colbert!),
      },
      weights,
    ),
  );
}

/** A list of scores as lists of numbers. */
export function transposeScores(scores: readonly Score[]): Scores {
  const column = (mode: keyof Score) => scores.map((score) => score[mode]);
  return {
    colbert: column("colbert"),
    sparse: column("sparse"),
    dense: column("dense"),
    "sparse+dense": column("sparse+dense"),
    "colbert+sparse+dense": column("colbert+sparse+dense"),
  };
}
