/** How question and passage score, head by head, down to the tokens. Everything is computed by the model in the worker. */
import type { M3, TextTokens, TokenVectors } from "bge-m3-web";
import { defaultPreset } from "../presets.ts";
import { tokensOf } from "../token-texts.ts";

/** Tokens of a passage that pictures have room for. */
export const MOST_TOKENS = 64;

export interface WeightedToken {
  readonly text: string;
  readonly weight: number;
  /** Whether the other text has it too. */
  readonly shared: boolean;
}

/** A token with a vector. Null: the one that closes a text. */
export type VectorToken = string | null;

export interface ScoreStory {
  readonly scores: { readonly dense: number; readonly sparse: number; readonly colbert: number; readonly total: number };
  /** Heaviest first. */
  readonly question: readonly WeightedToken[];
  readonly passage: readonly WeightedToken[];
  /** Rows of `similarities`. */
  readonly rows: readonly VectorToken[];
  readonly columns: readonly VectorToken[];
  /** Cosine of each row's vector with each column's: [rows, columns]. */
  readonly similarities: Float32Array;
  /** Of each row, the column that is most alike. */
  readonly best: Int32Array;
  /** The passage is longer than the pictures. */
  readonly cut: boolean;
  readonly ms: number;
}

export async function tellScore(m3: M3, question: string, passage: string, signal: AbortSignal): Promise<ScoreStory> {
  const started = performance.now();
  const heads = { returnDense: true, returnSparse: true, returnColbertVecs: true, maxLength: MOST_TOKENS, signal };
  // One call after the other: a newer text has to wait for no more than one.
  const asked = await m3.encodeQueries(question, heads);
  const found = await m3.encodeCorpus(passage, heads);
  const askedWeights = asked.lexicalWeights!;
  const foundWeights = found.lexicalWeights!;
  const scores = {
    dense: product(asked.denseVecs!, found.denseVecs!),
    sparse: m3.computeLexicalMatchingScore(askedWeights, foundWeights),
    colbert: m3.colbertScore(asked.colbertVecs!, found.colbertVecs!),
  };
  const [dense, sparse, colbert] = defaultPreset.weights;
  const total = (dense * scores.dense + sparse * scores.sparse + colbert * scores.colbert) / (dense + sparse + colbert);
  const options = { maxLength: MOST_TOKENS, signal };
  const rows = vectorTokens(question, await m3.tokens(question, { ...options, kind: "query" }));
  const columns = vectorTokens(passage, await m3.tokens(passage, options));
  const weighted = async (own: Record<string, number>, other: Record<string, number>) => {
    const tokens = [...(await tokensOf(m3, own, signal))].map(([id, token]) => ({ ...token, shared: String(id) in other }));
    return tokens.toSorted((a, b) => b.weight - a.weight);
  };
  const [questionTokens, passageTokens] = [await weighted(askedWeights, foundWeights), await weighted(foundWeights, askedWeights)];
  return {
    scores: { ...scores, total },
    question: questionTokens,
    passage: passageTokens,
    rows,
    columns,
    ...maxSim(asked.colbertVecs!, found.colbertVecs!),
    cut: found.truncated,
    ms: performance.now() - started,
  };
}

function vectorTokens(text: string, { ids, offsets }: TextTokens): VectorToken[] {
  return [...ids.keys()].map((row) => (row === ids.length - 1 ? null : text.slice(offsets[2 * row], offsets[2 * row + 1]).trim()));
}

/** All products of token vectors, and the best column of each row. */
export function maxSim(rows: TokenVectors, columns: TokenVectors): { similarities: Float32Array; best: Int32Array } {
  const similarities = new Float32Array(rows.tokens * columns.tokens);
  const best = new Int32Array(rows.tokens);
  for (let row = 0; row < rows.tokens; row++) {
    const vector = rows.data.subarray(row * rows.dim, (row + 1) * rows.dim);
    const line = similarities.subarray(row * columns.tokens, (row + 1) * columns.tokens);
    for (let column = 0; column < columns.tokens; column++) {
      line[column] = product(vector, columns.data.subarray(column * columns.dim, (column + 1) * columns.dim));
      if (line[column]! > line[best[row]!]!) best[row] = column;
    }
  }
  return { similarities, best };
}

export function product(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

/** Cosine of each sentence with each other: [sentences, sentences]. */
export async function compareSentences(
  m3: M3,
  sentences: readonly string[],
  signal: AbortSignal,
): Promise<{ sentences: readonly string[]; cosines: number[][] }> {
  const { denseVecs } = await m3.encodeCorpus(sentences, { signal });
  return { sentences, cosines: denseVecs!.map((a) => denseVecs!.map((b) => product(a, b))) };
}
