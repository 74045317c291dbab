/** The ColBERT head: one unit vector per token. `<s>` and prompt tokens have none, `</s>` has one, as in FlagEmbedding's `_process_colbert_vecs`. */
import type { TokenVectors } from "#core/embedding.ts";
import { normalizeRow } from "./normalize.ts";

/** Which rows of a batch belong to one text. */
export interface TokenRows {
  /** Row of the text's first token, `<s>`. */
  readonly start: number;
  /** Tokens of the text, prompt and special tokens included. */
  readonly tokens: number;
  /** Tokens at the beginning that have no vector: `<s>` and those of the prompt. */
  readonly skipped: number;
}

/**
 * @param rows ColBERT head of every token of a batch, not normalised: [tokens of the batch, width]
 * @param truncateDim keep only the first dimensions, before normalisation; more than there are keeps all
 */
export function tokenVectors(rows: Float32Array, width: number, { start, tokens, skipped }: TokenRows, truncateDim: number = width): TokenVectors {
  const dim = Math.min(width, truncateDim);
  const kept = Math.max(0, tokens - skipped);
  const data = new Float32Array(kept * dim);
  for (let row = 0; row < kept; row++) normalizeRow(rows, (start + skipped + row) * width, dim, data, row * dim);
  return { data, tokens: kept, dim };
}
