/** The index as one would write it in an afternoon: all documents in a map, all scores in float64. What the real one is compared with. */
import type { Filter } from "#search/fields/filter.ts";
import { resolveWeights, type ScoreParts, SIGNALS, type WeightChoice, weightedMean } from "#search/fusion.ts";
import type { SearchQuery } from "#search/query.ts";
import type { FullDocument } from "./fixtures.ts";

export interface ExactHit {
  readonly id: string;
  readonly score: number;
  readonly parts: ScoreParts;
}

export class ExactIndex {
  readonly documents = new Map<string, FullDocument>();

  search(query: SearchQuery, weights: WeightChoice = "balanced", filter: Filter = {}): ExactHit[] {
    const resolved = resolveWeights(weights);
    const used = SIGNALS.filter((signal) => query[signal === "bm25" ? "words" : signal] !== undefined);
    const bm25 = query.words && this.#bm25(query.words);
    return [...this.documents.values()]
      .filter((document) => Object.entries(filter).every(([field, condition]) => meets(document.fields?.[field], condition)))
      .map((document) => {
        const parts: ScoreParts = {
          dense: query.dense ? dot(query.dense, 0, document.dense, 0, query.dense.length) : null,
          lexical: query.lexical ? lexicalScore(query.lexical, document.lexical) : null,
          colbert: query.colbert ? maxsim(query.colbert, document.colbert) : null,
          bm25: bm25 ? bm25(document) : null,
        };
        return { id: document.id, parts, score: weightedMean(parts, resolved, used) };
      })
      .sort((a, b) => b.score - a.score);
  }

  #bm25(words: ArrayLike<number>): (document: FullDocument) => number {
    const documents = [...this.documents.values()];
    const average = Math.max(documents.reduce((sum, document) => sum + document.words.length, 0) / Math.max(documents.length, 1), 1);
    const weights = new Map<number, number>();
    for (const word of Array.from(words)) {
      const frequency = documents.filter((document) => document.words.includes(word)).length;
      weights.set(word, (weights.get(word) ?? 0) + Math.log(1 + (documents.length - frequency + 0.5) / (frequency + 0.5)));
    }
    const reach = [...weights.values()].reduce((sum, weight) => sum + weight * 2.2, 0);
    return (document) => {
      let score = 0;
      for (const [word, weight] of weights) {
        const count = document.words.filter((other) => other === word).length;
        score += (weight * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * document.words.length) / average));
      }
      return reach > 0 ? score / reach : 0;
    };
  }
}

function meets(value: unknown, condition: Filter[string]): boolean {
  const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (typeof condition !== "object") return values.includes(condition);
  if ("in" in condition) return values.some((one) => condition.in.includes(one));
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = condition;
  return values.some((one) => one >= min && one <= max);
}

function lexicalScore(query: Readonly<Record<string, number>>, document: Readonly<Record<string, number>>): number {
  return Object.entries(query).reduce((sum, [term, weight]) => sum + weight * (document[term] ?? 0), 0);
}

function maxsim(query: FullDocument["colbert"], document: FullDocument["colbert"]): number {
  if (query.tokens === 0 || document.tokens === 0) return 0;
  let sum = 0;
  for (let q = 0; q < query.tokens; q++) {
    let best = Number.NEGATIVE_INFINITY;
    for (let token = 0; token < document.tokens; token++) best = Math.max(best, dot(query.data, q * query.dim, document.data, token * query.dim, query.dim));
    sum += best;
  }
  return sum / query.tokens;
}

function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let sum = 0;
  for (let index = 0; index < length; index++) sum += a[aStart + index]! * b[bStart + index]!;
  return sum;
}
