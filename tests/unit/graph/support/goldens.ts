/** The golden files against a session: texts as embedding rows in, the three heads out, compared as the goldens' README says. */
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession } from "#core/session.ts";

export interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly prompt_tokens?: number;
  readonly dense: readonly number[];
  readonly lexical: Readonly<Record<string, number>>;
  readonly colbert: readonly (readonly number[])[];
}

export interface Heads {
  readonly dense: Float32Array;
  readonly lexical: Readonly<Record<string, number>>;
  /** As many rows as the golden text has. */
  readonly colbert: readonly Float32Array[];
}

export const ALL = { dense: true, lexical: true, colbert: true } as const;

/** First special ids, which have no lexical weight. */
const SPECIAL_IDS = 4;

/** Runs one text by itself. */
export async function runGolden(session: EncoderSession, { heads, architecture }: Manifest, golden: Golden, rows: Float32Array): Promise<Heads> {
  const { ids, prompt_tokens = 0 } = golden;
  const result = await session.run({ rows, lengths: [ids.length], outputs: ALL });
  if (result.pooled?.length !== architecture.hiddenSize) throw new Error("The dense output has the wrong size.");
  const first = 1 + prompt_tokens;
  const lexical: Record<string, number> = {};
  for (let token = first; token < ids.length - 1; token++) {
    const id = ids[token]!;
    const weight = result.lexical![token]!;
    if (id >= SPECIAL_IDS && weight > 0) lexical[id] = Math.max(lexical[id] ?? 0, weight);
  }
  const dim = heads.colbert!.dim;
  const row = (index: number) => normalised(result.colbert!.subarray((first + index) * dim, (first + index + 1) * dim));
  return { dense: normalised(result.pooled), lexical, colbert: golden.colbert.map((_, index) => row(index)) };
}

export function normalised(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Largest difference of any number of the three heads. */
export function largestDifference(found: Heads, golden: Golden): number {
  let largest = 0;
  const compare = (actual: number | undefined, expected: number) => {
    const difference = Math.abs((actual ?? Number.NaN) - expected);
    largest = difference <= largest ? largest : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  };
  for (const [index, value] of golden.dense.entries()) compare(found.dense[index], value);
  for (const id of new Set([...Object.keys(found.lexical), ...Object.keys(golden.lexical)])) compare(found.lexical[id] ?? 0, golden.lexical[id] ?? 0);
  for (const [row, vector] of golden.colbert.entries()) for (const [index, value] of vector.entries()) compare(found.colbert[row]![index], value);
  return largest;
}

/** How near the heads of many texts are to the golden ones: what the bars of the shipped model are in. */
export interface Nearness {
  readonly denseMean: number;
  readonly colbertMean: number;
  readonly colbertWorst: number;
  /** Mean share of a text's five heaviest tokens that are among the five heaviest. */
  readonly lexicalOverlap: number;
}

export function nearness(found: readonly Heads[], goldens: readonly Golden[]): Nearness {
  const dense = goldens.map((golden, text) => cosine(found[text]!.dense, golden.dense));
  const colbert = goldens.flatMap((golden, text) => golden.colbert.map((row, index) => cosine(found[text]!.colbert[index]!, row)));
  const overlaps = goldens.flatMap((golden, text) => {
    const wanted = heaviest(golden.lexical);
    const got = new Set(heaviest(found[text]!.lexical));
    return wanted.length === 0 ? [] : [wanted.filter((id) => got.has(id)).length / wanted.length];
  });
  return { denseMean: mean(dense), colbertMean: mean(colbert), colbertWorst: Math.min(...colbert), lexicalOverlap: mean(overlaps) };
}

function heaviest(weights: Readonly<Record<string, number>>): string[] {
  return Object.entries(weights)
    .sort(([, first], [, second]) => second - first)
    .slice(0, 5)
    .map(([id]) => id);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function cosine(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [product, firstSquares, secondSquares] = [0, 0, 0];
  for (let index = 0; index < first.length; index++) {
    product += first[index]! * second[index]!;
    firstSquares += first[index]! ** 2;
    secondSquares += second[index]! ** 2;
  }
  return product / Math.sqrt(firstSquares * secondSquares);
}
