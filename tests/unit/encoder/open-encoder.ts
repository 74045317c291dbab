/** A model folder as an encoder on the native runtime, for tests against golden files. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import type { Embeddings, TextKind } from "#core/embedding.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

export const M3_MINI = path.join(ROOT, "public/models/m3-mini");

export async function openEncoder(folder: string, precision: "default" | "fp32") {
  const model = await openFileModel(folder);
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const session = await openNodeSession(model, { precision });
  const embeddings = new EmbeddingTable(manifest, model.tensors);
  return { manifest, tokenizer, session, embeddings, encoder: new M3Encoder({ manifest, tokenizer, session, embeddings }) };
}

/** One text of a golden file. */
export interface GoldenText {
  readonly text: string;
  readonly kind?: TextKind;
  readonly ids: readonly number[];
  readonly untruncated_length: number;
  readonly dense: readonly number[];
  readonly lexical: Readonly<Record<string, number>>;
  /** The first rows. */
  readonly colbert: readonly (readonly number[])[];
  readonly colbert_rows: number;
}

export function readGoldens<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(ROOT, "tests/oracle", name), "utf8")) as T;
}

/** Largest difference between two lists of numbers; infinite when they have unequal lengths or one is not a number. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let index = 0; index < actual.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    largest = difference <= largest ? largest : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
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

/** Row `row` of a text's ColBERT vectors. */
export function colbertRow({ colbertVecs }: Embeddings, text: number, row: number): Float32Array {
  const { data, dim } = colbertVecs![text]!;
  return data.subarray(row * dim, (row + 1) * dim);
}

/** How far every number of an embedding is from a golden one, and whether it has the same shape. */
export function differencesFrom(golden: GoldenText, embeddings: Embeddings, text: number) {
  const lexical = embeddings.lexicalWeights![text]!;
  const ids = [...new Set([...Object.keys(lexical), ...Object.keys(golden.lexical)])];
  return {
    tokens: embeddings.tokenCounts[text],
    truncated: embeddings.truncated[text],
    colbertRows: embeddings.colbertVecs![text]!.tokens,
    dense: largestDifference(embeddings.denseVecs![text]!, golden.dense),
    // A weight beside 0 may be on the other side of it: what one of them lacks counts as 0.
    lexical: largestDifference(
      ids.map((id) => lexical[id] ?? 0),
      ids.map((id) => golden.lexical[id] ?? 0),
    ),
    colbert: Math.max(...golden.colbert.map((row, index) => largestDifference(colbertRow(embeddings, text, index), row))),
  };
}
