/** Pairs in three: to learn from, to choose the best step by, and to tell the truth by, which nothing was chosen by. */
import { InvalidInputError } from "#core/errors.ts";
import type { TrainingPair } from "./pair.ts";
import { holdOut } from "./text-table.ts";

export interface Split {
  readonly train: readonly TrainingPair[];
  readonly dev: readonly TrainingPair[];
  readonly heldOut: readonly TrainingPair[];
}

/** Fewer things that pairs are about leave nothing to learn from, or nothing to judge by. */
export const FEWEST_SUBJECTS = 10;
/** Part of the subjects that the best step is chosen by. */
const DEV_SHARE = 0.1;

/**
 * Whole subjects (a page with all its pairs; a pair without an id is one of its own) go to one part.
 * @param share of the subjects that is held out @param path of the pairs, for messages
 * @throws InvalidInputError for too few subjects
 */
export function splitPairs(pairs: readonly TrainingPair[], share: number, seed: number, path: string): Split {
  const subjects = new Set(pairs.map(({ id, positives }) => id ?? positives[0]!)).size;
  if (subjects < FEWEST_SUBJECTS) {
    throw new InvalidInputError(path, `pairs about at least ${FEWEST_SUBJECTS} different things, as some are held out to judge by`, `of ${subjects}`);
  }
  // Half a subject more, so that no rounding takes one away.
  const part = (count: number, of: number) => (Math.max(2, Math.round(count)) + 0.5) / of;
  const outer = holdOut(pairs, part(subjects * share, subjects), seed);
  const left = subjects - Math.max(2, Math.round(subjects * share));
  const inner = holdOut(outer.train, part(subjects * DEV_SHARE, left), seed + 1);
  return { train: inner.train, dev: inner.dev, heldOut: outer.dev };
}
