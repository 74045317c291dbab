/** BM25 (Robertson et al. 1994) over vocabulary ids, with Lucene's idf, which is never negative. */

import type { ListCursor } from "./postings/list-cursor.ts";
import type { ScoredList } from "./postings/max-score.ts";

const K1 = 1.2;
const B = 0.75;

export interface CorpusStatistics {
  readonly documents: number;
  readonly averageLength: number;
}

export function inverseDocumentFrequency(documents: number, frequency: number): number {
  return Math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5));
}

/** What a word adds to the document: `weight` times the saturated count. */
export function bm25List(cursor: ListCursor, weight: number, lengths: ArrayLike<number>, { averageLength }: CorpusStatistics): ScoredList {
  const saturate = (count: number, length: number) => (count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / averageLength));
  return {
    cursor,
    score: (document, count) => weight * saturate(count, lengths[document]!),
    // More of the word, and a shorter text, can only give more.
    bound: (largest, shortest) => weight * saturate(largest, shortest),
  };
}

/** More than any document can reach with these word weights: what BM25 scores are divided by. */
export function bm25Reach(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum += weight * (K1 + 1);
  return sum;
}
