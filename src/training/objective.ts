/** Loss and gradients of one batch. Scores are divided by the temperature, as in FlagEmbedding. */
import { type BatchTexts, type ScoringOptions, scoreBatch, type TrainableHeads } from "./batch-scores.ts";
import { distillationLoss, type LossParts, type LossWeights, type Targets } from "./loss.ts";
import type { Floats } from "./matrix.ts";
import type { StatesSource } from "./text-states.ts";

export interface Batch extends Targets, BatchTexts {}

export interface ObjectiveOptions extends ScoringOptions {
  readonly temperature: number;
  readonly distills: boolean;
  readonly weights: LossWeights;
}

/** Adds the gradients of the batch's loss to the heads. @throws what reading hidden states throws */
export async function accumulateGradients(source: StatesSource, batch: Batch, heads: TrainableHeads, options: ObjectiveOptions): Promise<LossParts> {
  const { temperature, distills, weights } = options;
  const scored = await scoreBatch(source, batch, heads, options, true);
  const scale = (scores: Floats | null) => scores?.map((score) => score / temperature) ?? null;
  const scores = { dense: scale(scored.dense)!, lexical: scale(scored.lexical), colbert: scale(scored.colbert) };
  const shape = { queries: batch.queries.length, passages: batch.passages.length };
  const parts = distillationLoss({ ...shape, ...scores }, batch, distills, weights);
  await scored.backward({ lexical: scale(parts.lexicalGradient), colbert: scale(parts.colbertGradient) });
  return parts;
}
