/** nDCG@10 of heads on GNOME Help by exact scores, from cached hidden states: no artefact has to be built, and no text encoded again. */
import { inverseDocumentFrequency } from "#search/bm25.ts";
import { scoreBatch, type TrainableHeads } from "#training/batch-scores.ts";
import type { StatesSource } from "#training/text-states.ts";
import type { TableText } from "#training/text-table.ts";
import type { HelpSet } from "../evaluation/gnome-help-sets.ts";

/** Mean nDCG@10 over sets. */
export type HeadScores = Readonly<Record<string, number>>;

export interface HeadEvaluation {
  /** Queries and passages of one language. */
  readonly same: HeadScores;
  readonly titles: HeadScores;
  readonly descriptions: HeadScores;
  /** Passages in English. */
  readonly toEnglish: HeadScores;
}

const CUTOFF = 10;
/** Weights of the lexical score in combinations; dense and ColBERT have 1. */
export const LEXICAL_WEIGHTS = [0.1, 0.3] as const;

/** The texts of the sets, each once, in the order in which {@link evaluateHeads} knows them. */
export function textsOf(sets: readonly HelpSet[]): TableText[] {
  const texts = new Map<string, TableText>();
  for (const { queries, documents } of sets) {
    for (const text of queries.values()) texts.set(`query ${text}`, { text, kind: "query" });
    for (const { text } of documents) texts.set(`passage ${text}`, { text, kind: "passage" });
  }
  return [...texts.values()];
}

export async function evaluateHeads(
  source: StatesSource,
  sets: readonly HelpSet[],
  heads: TrainableHeads,
  specialIds: ReadonlySet<number>,
  onSet: (done: number) => void = () => {},
): Promise<HeadEvaluation> {
  const numbers = new Map(textsOf(sets).map(({ kind, text }, number) => [`${kind} ${text}`, number]));
  const results: { set: HelpSet; scores: HeadScores }[] = [];
  for (const set of sets) {
    results.push({ set, scores: await evaluateSet(source, set, heads, specialIds, (kind, text) => numbers.get(`${kind} ${text}`)!) });
    onSet(results.length);
  }
  const mean = (holds: (set: HelpSet) => boolean): HeadScores => {
    const chosen = results.filter(({ set }) => holds(set)).map(({ scores }) => scores);
    return Object.fromEntries(Object.keys(chosen[0] ?? {}).map((name) => [name, chosen.reduce((sum, scores) => sum + scores[name]!, 0) / chosen.length]));
  };
  return {
    same: mean(({ group }) => group === "same"),
    titles: mean(({ group, kind }) => group === "same" && kind === "title"),
    descriptions: mean(({ group, kind }) => group === "same" && kind === "description"),
    toEnglish: mean(({ group }) => group === "to-english"),
  };
}

async function evaluateSet(
  source: StatesSource,
  { queries, documents, qrels }: HelpSet,
  heads: TrainableHeads,
  specialIds: ReadonlySet<number>,
  numberOf: (kind: "query" | "passage", text: string) => number,
): Promise<HeadScores> {
  const ids = [...queries.keys()];
  const asked = ids.map((id) => numberOf("query", queries.get(id)!));
  const passages = documents.map(({ text }) => numberOf("passage", text));
  const { dense, lexical, colbert } = await scoreBatch(source, { queries: asked, passages }, heads, { specialIds, subBatchTokens: 16_384 }, false);
  const places = new Map(documents.map(({ id }, place) => [id, place]));
  const right = ids.map((id) => places.get([...qrels.get(id)!.keys()][0]!)!);
  const systems: Record<string, (at: number) => number> = { dense: (at) => dense[at]! };
  if (lexical) systems.lexical = (at) => lexical[at]!;
  if (colbert) systems.ColBERT = (at) => colbert[at]!;
  if (colbert) systems["dense + ColBERT"] = (at) => dense[at]! + colbert[at]!;
  for (const weight of LEXICAL_WEIGHTS) {
    if (lexical) systems[`dense + ${weight} lexical`] = (at) => dense[at]! + weight * lexical[at]!;
    if (lexical && colbert) systems[`dense + ${weight} lexical + ColBERT`] = (at) => dense[at]! + weight * lexical[at]! + colbert[at]!;
  }
  const bm25 = bm25Scores(source, asked, passages, specialIds);
  systems.BM25 = (at) => bm25[at]!;
  return Object.fromEntries(Object.entries(systems).map(([name, score]) => [name, meanNdcg(score, right, passages.length)]));
}

/** One passage is right for each query, so nDCG is 1 / log2(rank + 1). A tie counts as lost. */
function meanNdcg(score: (at: number) => number, right: readonly number[], count: number): number {
  let sum = 0;
  for (const [query, own] of right.entries()) {
    const start = query * count;
    let rank = 1;
    for (let place = 0; place < count; place++) if (place !== own && score(start + place) >= score(start + own)) rank++;
    if (rank <= CUTOFF) sum += 1 / Math.log2(rank + 1);
  }
  return sum / right.length;
}

/** BM25 on the model's own tokens, k1 = 1.2 and b = 0.75. */
function bm25Scores(source: StatesSource, queries: readonly number[], passages: readonly number[], specialIds: ReadonlySet<number>): Float64Array {
  const words = (text: number) => {
    const { ids, skipped } = source.tokens(text);
    return [...ids.subarray(skipped)].filter((id) => !specialIds.has(id));
  };
  const documents = passages.map((text) => words(text));
  const average = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;
  const counts = documents.map((ids) => {
    const count = new Map<number, number>();
    for (const id of ids) count.set(id, (count.get(id) ?? 0) + 1);
    return count;
  });
  const frequency = new Map<number, number>();
  for (const count of counts) for (const id of count.keys()) frequency.set(id, (frequency.get(id) ?? 0) + 1);
  const scores = new Float64Array(queries.length * passages.length);
  for (const [query, text] of queries.entries()) {
    for (const id of words(text)) {
      const idf = inverseDocumentFrequency(documents.length, frequency.get(id) ?? 0);
      for (const [place, count] of counts.entries()) {
        const times = count.get(id);
        if (times === undefined) continue;
        const saturated = (times * 2.2) / (times + 1.2 * (0.25 + (0.75 * documents[place]!.length) / average));
        scores[query * passages.length + place]! += idf * saturated;
      }
    }
  }
  return scores;
}
