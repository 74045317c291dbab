/**
 * The same pipeline with nothing rounded and nothing left out: dense, lexical and BM25 scores of all passages, the best 200 of each merged, the best 200 of these
 * ordered with MaxSim on the float vectors.
 *
 * Passages come one by one while the index is built and are let go again: what stays is a few numbers a passage and query. Those that MaxSim orders are made anew.
 */
import { colbertScore } from "#scoring/multi-vector.ts";
import { bm25Reach, inverseDocumentFrequency } from "#search/bm25.ts";
import { resolveWeights, SIGNALS, type WeightChoice, weightedMean } from "#search/fusion.ts";
import type { Passage, SyntheticCorpus } from "./synthetic.ts";

export type Query = Omit<Passage, "id">;

const CANDIDATES = 200;
/** BM25's k1 and b, as the index has them. */
const [SATURATION, LENGTH_SHARE] = [1.2, 0.75];

interface QueryScores {
  readonly query: Query;
  readonly terms: readonly (readonly [term: string, weight: number])[];
  readonly dense: Float64Array;
  readonly lexical: Float64Array;
  /** By distinct word of the query: how often each passage has it. */
  readonly counts: ReadonlyMap<number, Uint8Array>;
}

export class ExactScores {
  readonly #scores: readonly QueryScores[];
  readonly #lengths: Uint16Array;
  /** Where counts of a word are kept: in those queries that have it. */
  readonly #counters = new Map<number, Uint8Array[]>();

  constructor(queries: readonly Query[], passages: number) {
    this.#lengths = new Uint16Array(passages);
    this.#scores = queries.map((query) => {
      const counts = new Map(Array.from(new Set(query.words), (word) => [word, new Uint8Array(passages)]));
      for (const [word, counter] of counts) this.#counters.set(word, [...(this.#counters.get(word) ?? []), counter]);
      return { query, terms: Object.entries(query.lexical), dense: new Float64Array(passages), lexical: new Float64Array(passages), counts };
    });
  }

  add(number: number, { dense, lexical, words }: Passage): void {
    this.#lengths[number] = words.length;
    for (const word of words) for (const counter of this.#counters.get(word) ?? []) counter[number]!++;
    for (const scores of this.#scores) {
      let dot = 0;
      for (let index = 0; index < dense.length; index++) dot += scores.query.dense[index]! * dense[index]!;
      scores.dense[number] = dot;
      let sum = 0;
      for (const [term, weight] of scores.terms) sum += weight * (lexical[term] ?? 0);
      scores.lexical[number] = sum;
    }
  }

  /** Ids of the best for a query. */
  best(corpus: SyntheticCorpus, place: number, limit: number, choice: WeightChoice): string[] {
    const { query, dense, lexical, counts } = this.#scores[place]!;
    const weights = resolveWeights(choice);
    const used = SIGNALS.filter((signal) => signal !== "bm25" || weights.bm25 > 0);
    const bm25 = weights.bm25 > 0 ? this.#bm25(query, counts) : null;
    const partsOf = (number: number) => ({ dense: dense[number]!, lexical: lexical[number]!, colbert: null, bm25: bm25?.[number] ?? null });
    const candidates = [...new Set([dense, lexical, ...(bm25 ? [bm25] : [])].flatMap(highest))].map((number) => {
      const parts = partsOf(number);
      return { number, parts, score: weightedMean(parts, weights, used) };
    });
    return candidates
      .sort((a, b) => b.score - a.score)
      .slice(0, CANDIDATES)
      .map(({ number, parts }) => {
        const colbert = colbertScore(query.colbert, corpus.passage(number).colbert);
        return { number, score: weightedMean({ ...parts, colbert }, weights, used) };
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, limit)
      .map(({ number }) => `passage-${number}`);
  }

  #bm25({ words }: Query, counts: ReadonlyMap<number, Uint8Array>): Float64Array {
    const passages = this.#lengths.length;
    const average = this.#lengths.reduce((sum, length) => sum + length, 0) / passages;
    const scores = new Float64Array(passages);
    const weights: number[] = [];
    for (const [word, counter] of counts) {
      const frequency = counter.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
      const weight = words.filter((other) => other === word).length * inverseDocumentFrequency(passages, frequency);
      weights.push(weight);
      for (const [number, count] of counter.entries()) {
        const norm = SATURATION * (1 - LENGTH_SHARE + (LENGTH_SHARE * this.#lengths[number]!) / average);
        scores[number]! += (weight * count * (SATURATION + 1)) / (count + norm);
      }
    }
    const reach = bm25Reach(weights);
    return scores.map((score) => score / reach);
  }
}

function highest(scores: Float64Array): number[] {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  return [...order.subarray(0, CANDIDATES)].filter((number) => scores[number]! > 0);
}
