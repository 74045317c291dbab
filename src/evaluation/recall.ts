/** Recall: which share of the relevant documents is among the first ones. */
import { type Judgements, type Ranking, relevantCount } from "./judgements.ts";

/** @returns from 0 to 1; 0 when nothing is relevant */
export function recall(ranking: Ranking, judgements: Judgements, cutoff: number): number {
  const relevant = relevantCount(judgements);
  const found = ranking.slice(0, cutoff).filter((document) => (judgements.get(document) ?? 0) > 0).length;
  return relevant > 0 ? found / relevant : 0;
}
