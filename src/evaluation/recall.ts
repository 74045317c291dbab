/** Recall: which share of the relevant documents is among the first ones; and success: whether any of them is. */
import { type Judgements, type Ranking, relevantCount } from "./judgements.ts";

/** @returns from 0 to 1; 0 when nothing is relevant */
export function recall(ranking: Ranking, judgements: Judgements, cutoff: number): number {
  const relevant = relevantCount(judgements);
  const found = ranking.slice(0, cutoff).filter((document) => (judgements.get(document) ?? 0) > 0).length;
  return relevant > 0 ? found / relevant : 0;
}

/** @returns 1 when a relevant document is among the first, else 0: what papers on question answering call recall@k */
export function success(ranking: Ranking, judgements: Judgements, cutoff: number): number {
  return ranking.slice(0, cutoff).some((document) => (judgements.get(document) ?? 0) > 0) ? 1 : 0;
}
