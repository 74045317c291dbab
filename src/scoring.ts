/** The public sub-path "bge-m3-web/scoring": pure functions from representations to scores. An explicit list; nothing here loads a model or a worker. */
export type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
export type { Score, Scores } from "#core/score.ts";
export { combineScores, type ModeWeights } from "#scoring/combine.ts";
export { denseScore } from "#scoring/dense.ts";
export { computeLexicalMatchingScore } from "#scoring/lexical.ts";
export { colbertScore } from "#scoring/multi-vector.ts";
