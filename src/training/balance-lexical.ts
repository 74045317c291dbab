/**
 * Gives a trained lexical head the scale at which its scores add up with dense ones. Training leaves the scale open (each score has its own terms of the loss), but a
 * search adds scores with fixed weights. A factor on all scores is the root of it on the last layer, whose relu lets it through; which one is right, the held
 * out pairs tell.
 */
import { type ScoringOptions, scoreBatch, type TrainableHeads } from "./batch-scores.ts";
import type { TrainableHead } from "./head.ts";
import type { TrainingPair } from "./pair.ts";
import type { StatesSource } from "./text-states.ts";

/** The lexical score's weight beside the dense one's 1, in the combination that is made best. */
const WEIGHT = 0.1;
/** Factors tried: in steps of 2^(1/4) from 1/4 to 8. */
const FACTORS = Array.from({ length: 21 }, (_, step) => 2 ** (step / 4 - 2));
/** Other passages that each group's queries have to leave behind, at most. */
const OTHERS = 150;

export interface BalanceInput {
  readonly source: StatesSource;
  /** Their passages make the task harder than the held-out ones alone would. */
  readonly train: readonly TrainingPair[];
  readonly dev: readonly TrainingPair[];
  readonly heads: TrainableHeads;
  readonly options: ScoringOptions;
}

/**
 * Changes the last layer of the lexical head in place.
 * @returns the factor of all scores; 1 without a lexical head or held-out pairs @throws what reading hidden states throws
 */
export async function balanceLexical({ source, train, dev, heads, options }: BalanceInput): Promise<number> {
  const { lexical } = heads;
  if (!lexical || dev.length === 0) return 1;
  const sums = FACTORS.map(() => 0);
  for (const group of new Set(dev.map((pair) => pair.group))) {
    const asked = dev.filter((pair) => pair.group === group);
    const others = train.filter((pair) => pair.group === group).slice(0, OTHERS);
    const passages = [...new Set([...asked, ...others].map(({ positives }) => positives[0]!))];
    const scores = await scoreBatch(source, { queries: asked.map(({ query }) => query), passages }, { lexical, colbert: null }, options, false);
    for (const [row, pair] of asked.entries()) {
      const right = new Set([...asked, ...others].flatMap((other) => (other.id !== undefined && other.id === pair.id ? [other.positives[0]!] : [])));
      for (const [index, factor] of FACTORS.entries()) {
        const score = (place: number) => {
          const at = row * passages.length + place;
          return scores.dense[at]! + WEIGHT * factor * scores.lexical![at]!;
        };
        const own = passages.indexOf(pair.positives[0]!);
        const before = passages.filter((text, place) => place !== own && !right.has(text) && score(place) >= score(own));
        sums[index]! += 1 / (before.length + 1);
      }
    }
  }
  const best = FACTORS[sums.indexOf(Math.max(...sums))]!;
  scaleScores(lexical, best);
  return best;
}

/** Scores are products of two weights. */
function scaleScores(head: TrainableHead, factor: number): void {
  const { weight, bias } = head.at(-1)!;
  for (const values of [weight, bias]) for (let at = 0; at < values.length; at++) values[at]! *= Math.sqrt(factor);
}
