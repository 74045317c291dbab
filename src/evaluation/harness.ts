/** Runs queries through a ranking function and averages measures over them. It knows no model and no index: only `rank`. */
import { throwIfAborted } from "#core/abort.ts";
import { InvalidInputError } from "#core/errors.ts";
import { type Judgements, type Qrels, type Ranking, relevantCount } from "./judgements.ts";
import { type Measure, measureOf } from "./measures.ts";

export interface EvaluationOptions {
  /** Default: nDCG@10, recall@100, MRR@10. */
  readonly measures?: readonly string[] | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface QueryResult {
  readonly query: string;
  /** Value of each measure by its name. */
  readonly values: Readonly<Record<string, number>>;
}

export interface Evaluation {
  /** Means over all queries that have a relevant document, by measure. */
  readonly means: Readonly<Record<string, number>>;
  readonly queries: readonly QueryResult[];
}

export const DEFAULT_MEASURES = ["nDCG@10", "recall@100", "MRR@10"] as const;

/**
 * @param queries query by id; only those with a relevant document in `qrels` are asked
 * @param rank the ranking that is evaluated: documents for a query, best first, at least `depth` of them where there are as many
 * @throws InvalidInputError when no query has a relevant document, or a ranking has a document twice
 */
export async function evaluate<Q>(
  queries: ReadonlyMap<string, Q>,
  qrels: Qrels,
  rank: (query: Q, depth: number) => Ranking | Promise<Ranking>,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const measures = (options.measures ?? DEFAULT_MEASURES).map(measureOf);
  const depth = Math.max(...measures.map(({ cutoff }) => cutoff));
  const judged: { readonly id: string; readonly query: Q; readonly judgements: Judgements }[] = [];
  for (const [id, query] of queries) {
    const judgements = qrels.get(id);
    if (judgements && relevantCount(judgements) > 0) judged.push({ id, query, judgements });
  }
  if (judged.length === 0) throw new InvalidInputError("qrels", "judgements with a relevant document for at least one of the queries", qrels.size);
  const results: QueryResult[] = [];
  for (const { id, query, judgements } of judged) {
    throwIfAborted(options.signal);
    const ranking = await rank(query, depth);
    if (new Set(ranking).size !== ranking.length) throw new InvalidInputError(`the ranking for query "${id}"`, "a list of different documents", ranking);
    results.push({ query: id, values: Object.fromEntries(measures.map((measure) => [measure.name, measure.of(ranking, judgements)])) });
    options.onProgress?.(results.length, judged.length);
  }
  return { means: meansOf(measures, results), queries: results };
}

function meansOf(measures: readonly Measure[], results: readonly QueryResult[]): Record<string, number> {
  return Object.fromEntries(measures.map(({ name }) => [name, results.reduce((sum, { values }) => sum + values[name]!, 0) / results.length]));
}
