/**
 * What heads are worth on pairs that nothing was learnt from: each query ranks its positive among those of other pairs of its group. A tie counts as lost, so that a
 * head whose scores are all 0 does not look perfect.
 */
import { throwIfAborted } from "#core/abort.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import { type ScoringOptions, scoreBatch, type TrainableHeads } from "./batch-scores.ts";
import type { LossWeights } from "./loss.ts";
import type { TrainingPair } from "./pair.ts";
import { Random } from "./random.ts";
import type { StatesSource } from "./text-states.ts";

/** How good a ranking is: means over queries, from 0 to 1. */
export interface RankingScores {
  /** Mean reciprocal rank. */
  readonly mrr: number;
  /** With one right passage for each query: 1 / log2(1 + rank) for a rank up to 10, else 0. */
  readonly ndcg10: number;
}

/** By each head alone, and by dense + 0.3 lexical + ColBERT, which is what teaches. Null for a head that the model has not. */
export interface HeadScores {
  readonly dense: RankingScores;
  readonly lexical: RankingScores | null;
  readonly colbert: RankingScores | null;
  readonly combined: RankingScores;
}

export interface HeldOut {
  readonly pairs: readonly TrainingPair[];
  /** Pairs whose positives make the ranking harder. */
  readonly others: readonly TrainingPair[];
}

export interface EvaluationOptions extends ScoringOptions {
  readonly weights: LossWeights;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how many of all passages are done. */
  readonly onPassages?: ((done: number, total: number) => void) | undefined;
}

/** Most passages that a query ranks. */
const MOST_PASSAGES = 256;
/** Passages scored at a time: others get their turn between. */
const CHUNK = 16;

/** @throws what reading hidden states throws; the signal's reason */
export async function evaluateHeads(source: StatesSource, { pairs, others }: HeldOut, heads: TrainableHeads, options: EvaluationOptions): Promise<HeadScores> {
  const groups = [...new Set(pairs.map(({ group }) => group))].map((group) => {
    const own = pairs.filter((pair) => pair.group === group);
    const rivals = others.filter((pair) => pair.group === group);
    return { pairs: own, all: [...own, ...rivals], passages: passagesOf(own, rivals, options.seed) };
  });
  const total = groups.reduce((sum, { passages }) => sum + passages.length, 0);
  let done = 0;
  const ranks: Record<keyof HeadScores, number[]> = { dense: [], lexical: [], colbert: [], combined: [] };
  for (const group of groups) {
    const { passages } = group;
    const queries = group.pairs.map(({ query }) => query);
    const table = () => new Float64Array(queries.length * passages.length);
    const scores = { dense: table(), lexical: table(), colbert: table(), combined: table() };
    for (let first = 0; first < passages.length; first += CHUNK) {
      throwIfAborted(options.signal);
      const chunk = passages.slice(first, first + CHUNK);
      const { dense, lexical, colbert } = await scoreBatch(source, { queries, passages: chunk }, heads, options, false);
      for (let at = 0; at < dense.length; at++) {
        const place = Math.floor(at / chunk.length) * passages.length + first + (at % chunk.length);
        const [byLexical, byColbert] = [lexical?.[at] ?? 0, colbert?.[at] ?? 0];
        scores.dense[place] = dense[at]!;
        scores.lexical[place] = byLexical;
        scores.colbert[place] = byColbert;
        scores.combined[place] = dense[at]! + options.weights.ensembleLexical * byLexical + byColbert;
      }
      done += chunk.length;
      options.onPassages?.(done, total);
      await nextMessageTurn();
    }
    for (const [query, pair] of group.pairs.entries()) {
      const own = passages.indexOf(pair.positives[0]!);
      // Passages that are right as well are passed over.
      const right = new Set(group.all.flatMap((other) => (isSameTarget(other, pair) ? other.positives : [])).map((text) => passages.indexOf(text)));
      for (const name of Object.keys(ranks) as (keyof HeadScores)[])
        ranks[name].push(rankOf(scores[name], query * passages.length, passages.length, own, right));
    }
  }
  return {
    dense: means(ranks.dense),
    lexical: heads.lexical && means(ranks.lexical),
    colbert: heads.colbert && means(ranks.colbert),
    combined: means(ranks.combined),
  };
}

/** What heads are judged by: the mean reciprocal rank of the trained heads and of all together, in the mean. */
export function judge({ lexical, colbert, combined }: HeadScores): number {
  const judged = [lexical, colbert, combined].filter((scores) => scores !== null);
  return judged.reduce((sum, { mrr }) => sum + mrr, 0) / judged.length;
}

/** The positives of the pairs, and as many of the others as there is room for. */
function passagesOf(own: readonly TrainingPair[], rivals: readonly TrainingPair[], seed: number): number[] {
  const passages = new Set(own.map(({ positives }) => positives[0]!));
  for (const { positives } of new Random(seed, 4).shuffle([...rivals])) if (passages.size < MOST_PASSAGES) passages.add(positives[0]!);
  return [...passages];
}

function isSameTarget(one: TrainingPair, other: TrainingPair): boolean {
  return one.id === undefined ? one.positives[0] === other.positives[0] : one.id === other.id;
}

function rankOf(scores: Float64Array, start: number, count: number, own: number, right: ReadonlySet<number>): number {
  let rank = 1;
  for (let place = 0; place < count; place++) if (place !== own && !right.has(place) && scores[start + place]! >= scores[start + own]!) rank++;
  return rank;
}

function means(ranks: readonly number[]): RankingScores {
  const mean = (value: (rank: number) => number) => ranks.reduce((sum, rank) => sum + value(rank), 0) / Math.max(1, ranks.length);
  return { mrr: mean((rank) => 1 / rank), ndcg10: mean((rank) => (rank <= 10 ? 1 / Math.log2(1 + rank) : 0)) };
}
