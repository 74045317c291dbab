/** How to train, with defaults that were measured on m3-mini (docs/training.md). */
import { InvalidInputError } from "#core/errors.ts";
import { type LossWeights, REFERENCE_WEIGHTS } from "./loss.ts";

export interface TrainingOptions {
  /** How often every pair is seen. Default 3. */
  readonly epochs?: number | undefined;
  /** Most pairs of a batch. Default 32. */
  readonly batchPairs?: number | undefined;
  /** Longest positive of a batch, in tokens, times its pairs, at most: batches of long texts are smaller. Default 8,192. */
  readonly batchTokens?: number | undefined;
  /** Hard negatives that a pair brings into its batch, at most. Default 1. */
  readonly hardNegatives?: number | undefined;
  /** Most tokens whose hidden states are in memory as float32. Default 16,384. */
  readonly subBatchTokens?: number | undefined;
  /** Peak of the learning rate. Default 0.001: heads begin with random numbers. */
  readonly learningRate?: number | undefined;
  /** Part of all steps in which the learning rate rises. Default 0.1. */
  readonly warmUpRatio?: number | undefined;
  /** Default 0.01. */
  readonly weightDecay?: number | undefined;
  /** What scores are divided by. Default 0.02. */
  readonly temperature?: number | undefined;
  /** Self-knowledge distillation. Default true. */
  readonly distills?: boolean | undefined;
  /** Default: FlagEmbedding's. */
  readonly weights?: LossWeights | undefined;
  /** Default 1. The same seed, pairs and options give the same heads on every machine. */
  readonly seed?: number | undefined;
  /** The dev set is scored after each so many steps, and at the end. Default 100. */
  readonly devEvery?: number | undefined;
  /**
   * Heads of which step are kept. `best`: of the best dev score, for runs that may learn by heart. `last`: of the last step, when the learning rate has come down;
   * with few dev pairs the best score is chance's. Default `best`.
   */
  readonly keep?: "best" | "last" | undefined;
  /** Training ends early when so many dev scores in a row are no better than the best. Default 5; 0 never. */
  readonly patience?: number | undefined;
}

export type ResolvedTrainingOptions = { readonly [Name in keyof TrainingOptions]-?: NonNullable<TrainingOptions[Name]> };

const DEFAULTS: ResolvedTrainingOptions = {
  epochs: 3,
  batchPairs: 32,
  batchTokens: 8192,
  hardNegatives: 1,
  subBatchTokens: 16_384,
  learningRate: 1e-3,
  warmUpRatio: 0.1,
  weightDecay: 0.01,
  temperature: 0.02,
  distills: true,
  weights: REFERENCE_WEIGHTS,
  seed: 1,
  devEvery: 100,
  keep: "best",
  patience: 5,
};

const WHOLE_FROM_1 = ["epochs", "batchTokens", "subBatchTokens", "devEvery"] as const;
const WHOLE_FROM_0 = ["hardNegatives", "patience", "seed"] as const;

/** @throws InvalidInputError for an option that is unknown or out of range */
export function resolveTrainingOptions(options: TrainingOptions): ResolvedTrainingOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw new InvalidInputError(`options.${name}`, `left out (known options: ${Object.keys(DEFAULTS).join(", ")})`, name);
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedTrainingOptions = { ...DEFAULTS, ...given };
  const check = (name: keyof TrainingOptions, holds: boolean, expected: string) => {
    if (!holds) throw new InvalidInputError(`options.${name}`, expected, resolved[name]);
  };
  for (const name of WHOLE_FROM_1) check(name, Number.isSafeInteger(resolved[name]) && resolved[name] >= 1, "a whole number from 1");
  for (const name of WHOLE_FROM_0) check(name, Number.isSafeInteger(resolved[name]) && resolved[name] >= 0, "a whole number from 0");
  check(
    "batchPairs",
    Number.isSafeInteger(resolved.batchPairs) && resolved.batchPairs >= 2,
    "a whole number from 2, as pairs are the negatives of one another",
  );
  for (const name of ["learningRate", "temperature"] as const) check(name, resolved[name] > 0 && Number.isFinite(resolved[name]), "a number above 0");
  check("keep", resolved.keep === "best" || resolved.keep === "last", '"best" or "last"');
  check("weightDecay", resolved.weightDecay >= 0 && Number.isFinite(resolved.weightDecay), "a number from 0");
  check("warmUpRatio", resolved.warmUpRatio >= 0 && resolved.warmUpRatio <= 1, "a number from 0 to 1");
  return resolved;
}
