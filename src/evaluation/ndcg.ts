/** Normalised discounted cumulative gain, as trec_eval's ndcg_cut: gain is the relevance itself, the discount at rank r is log2(r + 1). */
import type { Judgements, Ranking } from "./judgements.ts";

/** @returns from 0 to 1; 0 when nothing is relevant */
export function ndcg(ranking: Ranking, judgements: Judgements, cutoff: number): number {
  const ideal = discounted(
    [...judgements.values()].sort((a, b) => b - a),
    cutoff,
  );
  if (ideal === 0) return 0;
  return (
    discounted(
      ranking.map((document) => judgements.get(document) ?? 0),
      cutoff,
    ) / ideal
  );
}

function discounted(relevances: readonly number[], cutoff: number): number {
  let sum = 0;
  for (let rank = 0; rank < Math.min(cutoff, relevances.length); rank++) sum += Math.max(relevances[rank]!, 0) / Math.log2(rank + 2);
  return sum;
}
