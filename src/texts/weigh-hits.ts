/** Sections that count more or less than others (`data-m3-weight`) move among the hits of a question. */
import { WEIGHT_FIELD } from "#core/section-weight.ts";
import type { SearchHit } from "./types.ts";

/**
 * Hits that are to be ranked with weights, before the best of them are taken: a weight may lift one from below. Of each language at least so many are needed.
 */
export const WEIGHED_HITS = 24;

/**
 * By meaning, the scores of all hits lie close together and far from zero. So a weight multiplies the lead that a hit has over the weakest one: twice the lead for
 * 2, none for 0. What answers a question badly is not lifted by its weight.
 *
 * @returns the hits with their weighed scores, best first
 */
export function weighHits<Hit extends Pick<SearchHit, "score" | "fields">>(hits: readonly Hit[]): Hit[] {
  const least = hits.reduce((lowest, { score }) => Math.min(lowest, score), Number.POSITIVE_INFINITY);
  return hits.map((hit) => ({ ...hit, score: least + (hit.score - least) * weightOf(hit) })).sort((a, b) => b.score - a.score);
}

function weightOf({ fields }: Pick<SearchHit, "fields">): number {
  const weight = fields?.[WEIGHT_FIELD];
  return typeof weight === "number" ? weight : 1;
}
