/** Reciprocal rank of the first relevant document. */
import type { Judgements, Ranking } from "./judgements.ts";

/** @param cutoff look no further; infinity for all @returns 1 / rank, or 0 when none is relevant up to the cutoff */
export function reciprocalRank(ranking: Ranking, judgements: Judgements, cutoff = Number.POSITIVE_INFINITY): number {
  const place = ranking.slice(0, cutoff).findIndex((document) => (judgements.get(document) ?? 0) > 0);
  return place < 0 ? 0 : 1 / (place + 1);
}
