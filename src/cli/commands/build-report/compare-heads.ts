/** How near the three heads of a rounded model are to those of its checkpoint, text by text. */
import type { Embeddings, LexicalWeights } from "#core/embedding.ts";

/** Cosines of vectors: the least, the first and fifth percentile, the mean. */
export interface Nearness {
  readonly min: number;
  readonly percentile1: number;
  readonly percentile5: number;
  readonly mean: number;
}

export interface HeadNearness {
  /** Of dense vectors, one a text. */
  readonly dense: Nearness;
  /** Of a text's five heaviest tokens: mean share that is kept, and share of texts that keep all. Null without the head. */
  readonly lexical: { readonly top5Overlap: number; readonly top5Same: number } | null;
  /** Of ColBERT vectors, one a token. Null without the head. */
  readonly colbert: Nearness | null;
}

const HEAVIEST = 5;

/** Adds up texts, part by part, so that no more than a part of the token vectors is held. */
export class HeadComparison {
  readonly #dense: number[] = [];
  readonly #colbert: number[] = [];
  readonly #overlaps: number[] = [];

  /** @param exact of the checkpoint @param rounded of the same texts */
  add(exact: Embeddings, rounded: Embeddings): void {
    for (const [text, vector] of exact.denseVecs!.entries()) this.#dense.push(cosine(vector, rounded.denseVecs![text]!));
    for (const [text, weights] of (exact.lexicalWeights ?? []).entries()) {
      const wanted = heaviest(weights);
      const kept = new Set(heaviest(rounded.lexicalWeights![text]!));
      if (wanted.length > 0) this.#overlaps.push(wanted.filter((id) => kept.has(id)).length / wanted.length);
    }
    for (const [text, { data, dim, tokens }] of (exact.colbertVecs ?? []).entries()) {
      const other = rounded.colbertVecs![text]!.data;
      for (let at = 0; at < tokens * dim; at += dim) this.#colbert.push(cosine(data.subarray(at, at + dim), other.subarray(at, at + dim)));
    }
  }

  result(): HeadNearness {
    const overlaps = this.#overlaps;
    const lexical = { top5Overlap: mean(overlaps), top5Same: mean(overlaps.map((share) => (share === 1 ? 1 : 0))) };
    return {
      dense: nearnessOf(this.#dense),
      lexical: overlaps.length === 0 ? null : lexical,
      colbert: this.#colbert.length === 0 ? null : nearnessOf(this.#colbert),
    };
  }
}

function nearnessOf(cosines: readonly number[]): Nearness {
  const sorted = Float64Array.from(cosines).sort();
  const percentile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { min: sorted[0]!, percentile1: percentile(0.01), percentile5: percentile(0.05), mean: mean(cosines) };
}

function heaviest(weights: LexicalWeights): string[] {
  return Object.entries(weights)
    .sort(([, first], [, second]) => second - first)
    .slice(0, HEAVIEST)
    .map(([id]) => id);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function cosine(first: Float32Array, second: Float32Array): number {
  let [product, firstSquares, secondSquares] = [0, 0, 0];
  for (let index = 0; index < first.length; index++) {
    product += first[index]! * second[index]!;
    firstSquares += first[index]! ** 2;
    secondSquares += second[index]! ** 2;
  }
  return product / Math.sqrt(firstSquares * secondSquares);
}
