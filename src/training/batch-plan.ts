/**
 * Which pairs form the batches of an epoch, as in M3-Embedding: of one group and of similar length, the longer the fewer. The plan depends on the seed and the
 * number of the epoch only, so that a run can be taken up anywhere.
 */
import type { Batch } from "./objective.ts";
import type { TrainingPair } from "./pair.ts";
import { Random } from "./random.ts";
import type { StatesSource } from "./text-states.ts";

export interface BatchPlanOptions {
  /** Most pairs of a batch. */
  readonly batchPairs: number;
  /** Most tokens of the longest positive times the pairs: batches of long texts have fewer pairs. */
  readonly batchTokens: number;
  /** Hard negatives that a pair brings along, at most. */
  readonly hardNegatives: number;
  readonly seed: number;
}

/** Texts whose lengths fall into the same step of this many tokens are of similar length. */
const LENGTH_STEP = 64;

/** @returns indices of the pairs of each batch; at least two in each, as one alone has no negatives. A pair that finds no company waits for the next epoch. */
export function planEpoch(pairs: readonly TrainingPair[], source: StatesSource, epoch: number, options: BatchPlanOptions): number[][] {
  const random = new Random(options.seed, 1, epoch);
  const lengthOf = ({ positives }: TrainingPair) => Math.max(...positives.map((text) => source.tokens(text).ids.length));
  const groups = new Map<string, number[]>();
  const order = random.shuffle(pairs.map((_, index) => index));
  for (const index of order) {
    const { group } = pairs[index]!;
    const members = groups.get(group);
    if (members) members.push(index);
    else groups.set(group, [index]);
  }
  const batches: number[][] = [];
  for (const [, members] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const steps = new Map(members.map((index) => [index, Math.ceil(lengthOf(pairs[index]!) / LENGTH_STEP)]));
    members.sort((a, b) => steps.get(a)! - steps.get(b)!);
    let batch: number[] = [];
    for (const index of members) {
      const longest = Math.max(steps.get(index)!, ...batch.map((other) => steps.get(other)!)) * LENGTH_STEP;
      if (batch.length >= options.batchPairs || (batch.length >= 2 && (batch.length + 1) * longest > options.batchTokens)) {
        batches.push(batch);
        batch = [];
      }
      batch.push(index);
    }
    const last = batches.at(-1);
    if (batch.length >= 2) batches.push(batch);
    else if (batch.length === 1 && last && pairs[last[0]!]!.group === pairs[batch[0]!]!.group) last.push(batch[0]!);
  }
  return random.shuffle(batches);
}

/** One positive and some negatives of each pair, drawn anew in each epoch. Every text comes once, however many pairs have it. */
export function drawBatch(pairs: readonly TrainingPair[], indices: readonly number[], epoch: number, { seed, hardNegatives }: BatchPlanOptions): Batch {
  const passages: number[] = [];
  /** Of each passage, the ids of the pairs whose positive it is. */
  const places = new Map<number, { place: number; ids: Set<string> }>();
  const placeOf = (text: number, id?: string) => {
    const known = places.get(text) ?? { place: passages.length, ids: new Set<string>() };
    if (!places.has(text)) {
      passages.push(text);
      places.set(text, known);
    }
    if (id !== undefined) known.ids.add(id);
    return known.place;
  };
  const drawn = indices.map((index) => {
    const pair = pairs[index]!;
    const random = new Random(seed, 2, epoch, index);
    const choice = random.below(pair.positives.length);
    const negatives = random.shuffle(pair.negatives.map((_, at) => at)).slice(0, hardNegatives);
    return { pair, choice, negatives, positive: placeOf(pair.positives[choice]!, pair.id) };
  });
  const own = drawn.map(({ pair, negatives }) => negatives.map((at) => placeOf(pair.negatives[at]!)));
  const masked = new Uint8Array(drawn.length * passages.length);
  for (const [query, { pair, positive }] of drawn.entries()) {
    for (const [text, { place, ids }] of places) {
      const isPositive = pair.positives.includes(text) || (pair.id !== undefined && ids.has(pair.id));
      if (isPositive && place !== positive) masked[query * passages.length + place] = 1;
    }
  }
  const teacher = drawn.every(({ pair }) => pair.positiveScores && pair.negativeScores) ? new Float32Array(masked.length) : null;
  if (teacher) {
    for (const [query, { pair, choice, negatives, positive }] of drawn.entries()) {
      const scores = [pair.positiveScores![choice]!, ...negatives.map((at) => pair.negativeScores![at]!)];
      const largest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - largest));
      const sum = shares.reduce((total, share) => total + share, 0);
      for (const [index, place] of [positive, ...own[query]!].entries()) teacher[query * passages.length + place] = shares[index]! / sum;
    }
  }
  return { queries: drawn.map(({ pair }) => pair.query), passages, positives: drawn.map(({ positive }) => positive), masked, teacher };
}
