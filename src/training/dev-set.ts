/** How good the heads are on pairs that they do not learn from: each query ranks the positives of all dev pairs of its group. */
import { type ScoringOptions, scoreBatch, type TrainableHeads } from "./batch-scores.ts";
import type { LossWeights } from "./loss.ts";
import type { TrainingPair } from "./pair.ts";
import type { StatesSource } from "./text-states.ts";

/** Mean reciprocal ranks. A tie counts as lost: a head whose scores are all 0 must not look perfect. */
export interface DevScores {
  readonly dense: number;
  readonly lexical: number | null;
  readonly colbert: number | null;
  /** By the ensemble. */
  readonly ensemble: number;
  /** What a run is judged by: the mean of the trained heads and the ensemble. */
  readonly mean: number;
}

/** @throws what reading hidden states throws */
export async function scoreDevSet(
  source: StatesSource,
  pairs: readonly TrainingPair[],
  heads: TrainableHeads,
  options: ScoringOptions & { readonly weights: LossWeights },
): Promise<DevScores> {
  const sums = { dense: 0, lexical: 0, colbert: 0, ensemble: 0 };
  for (const group of groupsOf(pairs)) {
    const passages = [...new Set(group.map(({ positives }) => positives[0]!))];
    const queries = group.map(({ query }) => query);
    const { dense, lexical, colbert } = await scoreBatch(source, { queries, passages }, heads, options, false);
    const ensemble = dense.map((score, at) => score + options.weights.ensembleLexical * (lexical?.[at] ?? 0) + (colbert?.[at] ?? 0));
    for (const [query, pair] of group.entries()) {
      const places = group.flatMap((other) => (sameTarget(other, pair) ? [passages.indexOf(other.positives[0]!)] : []));
      const own = passages.indexOf(pair.positives[0]!);
      const rank = (scores: ArrayLike<number>) => reciprocalRank(scores, query * passages.length, passages.length, own, places);
      sums.dense += rank(dense);
      sums.lexical += lexical ? rank(lexical) : 0;
      sums.colbert += colbert ? rank(colbert) : 0;
      sums.ensemble += rank(ensemble);
    }
  }
  const mean = (sum: number) => sum / pairs.length;
  const lexical = heads.lexical ? mean(sums.lexical) : null;
  const colbert = heads.colbert ? mean(sums.colbert) : null;
  const judged = [lexical, colbert, mean(sums.ensemble)].filter((value) => value !== null);
  return { dense: mean(sums.dense), lexical, colbert, ensemble: mean(sums.ensemble), mean: judged.reduce((sum, value) => sum + value, 0) / judged.length };
}

function groupsOf(pairs: readonly TrainingPair[]): TrainingPair[][] {
  const groups = new Map<string, TrainingPair[]>();
  for (const pair of pairs) groups.set(pair.group, [...(groups.get(pair.group) ?? []), pair]);
  return [...groups.values()];
}

function sameTarget(one: TrainingPair, other: TrainingPair): boolean {
  return one.id === undefined ? one.positives[0] === other.positives[0] : one.id === other.id;
}

/** Passages that are right as well are passed over. */
function reciprocalRank(scores: ArrayLike<number>, start: number, count: number, own: number, right: readonly number[]): number {
  let rank = 1;
  for (let place = 0; place < count; place++) {
    if (place !== own && !right.includes(place) && scores[start + place]! >= scores[start + own]!) rank++;
  }
  return 1 / rank;
}
