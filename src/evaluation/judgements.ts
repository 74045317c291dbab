/** What a query should find, and what a system found: the words of all measures. */

/** Relevance by document id; above 0 is relevant, and more is better. Documents that are not here were not judged and count as not relevant. */
export type Judgements = ReadonlyMap<string, number>;

/** Judgements by query id. */
export type Qrels = ReadonlyMap<string, Judgements>;

/** Document ids, best first. */
export type Ranking = readonly string[];

/** Scores by document id as a ranking, in trec_eval's order: higher scores first, of equal ones the id that sorts last. */
export function rankScores(scores: Iterable<readonly [document: string, score: number]>): string[] {
  return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([document]) => document);
}

/** How many documents are relevant. */
export function relevantCount(judgements: Judgements): number {
  let count = 0;
  for (const relevance of judgements.values()) if (relevance > 0) count++;
  return count;
}
