/**
 * Texts in, embeddings out, with FlagEmbedding's semantics (M3Embedder.encode and compute_score): tokenise without padding, sort by length, run in batches,
 * give results in the order of the texts.
 *
 * Knows no engine and no files: rows come from an {@link EmbeddingTable}, numbers from the session port. Differs from FlagEmbedding where that lets the
 * batch leak into the result: padding never takes part in a ColBERT maximum, and a prompt's tokens have no lexical weights and no ColBERT vectors.
 */
import type { Embeddings, TextKind, TextTokens } from "#core/embedding.ts";
import type { Manifest } from "#core/manifest.ts";
import type { Score, Scores } from "#core/score.ts";
import type { EncoderSession } from "#core/session.ts";
import type { EmbeddingTable } from "./embedding-table.ts";
import { checkKind, checkTexts, type EncoderOptions, type PairOptions, resolveEncodeOptions, resolveScoreOptions } from "./options.ts";
import { isPair, type Pair, scorePairs, toPairs, transposeScores } from "./pair-scores.ts";
import { runTexts, type TextEmbedding } from "./run-texts.ts";
import { PromptedTokenizer, type TextTokenizer } from "./tokenize-texts.ts";

export interface EncoderParts {
  readonly manifest: Manifest;
  readonly tokenizer: TextTokenizer;
  readonly session: EncoderSession;
  readonly embeddings: Pick<EmbeddingTable, "gather">;
}

export class M3Encoder {
  readonly #parts: EncoderParts;

  /** Costs nothing: an encoder per call, with a session of its own, is fine. */
  constructor(parts: EncoderParts) {
    this.#parts = parts;
  }

  /**
   * @returns the embeddings of all texts in their order; empty lists for no texts. Equal texts are computed once.
   * @throws InvalidInputError (`texts[3]`, `options.maxLength`, …), MissingHeadError, NonFiniteOutputError, BackendError, MissingShardError or
   *   CorruptShardError for a page of the vocabulary, or the signal's reason
   */
  async encode(texts: readonly string[], kind: TextKind, options: EncoderOptions = {}): Promise<Embeddings> {
    checkTexts(texts);
    checkKind(kind);
    const { maxLength, outputs, truncateDim, clsEvery } = resolveEncodeOptions(this.#parts.manifest, options);
    const { signal, onProgress } = options;
    const distinct = distinctIndices(texts);
    const encoded = await this.#tokenizer(kind).encode([...distinct.keys()], { maxLength, clsEvery, path: "options.maxLength", signal });
    const computed = await runTexts(this.#parts, encoded, { outputs, truncateDim, meanOfCls: clsEvery !== undefined, signal, onProgress });
    const order = texts.map((text) => distinct.get(text)!);
    const results = withoutSharing(order, computed);
    return {
      denseVecs: outputs.dense ? results.map(({ dense }) => dense!) : null,
      lexicalWeights: outputs.lexical ? results.map(({ lexical }) => lexical!) : null,
      colbertVecs: outputs.colbert ? results.map(({ colbert }) => colbert!) : null,
      truncated: order.map((index) => encoded[index]!.truncated),
      tokenCounts: order.map((index) => encoded[index]!.ids.length),
    };
  }

  /**
   * Scores of (query, passage) pairs by all three heads and their combinations; each distinct query and passage is encoded once.
   *
   * @returns lists in the order of the pairs; numbers for a single pair
   * @throws as {@link encode}; MissingHeadError when the model lacks a head
   */
  computeScore(pair: Pair, options?: PairOptions): Promise<Score>;
  computeScore(pairs: readonly Pair[], options?: PairOptions): Promise<Scores>;
  async computeScore(pairs: Pair | readonly Pair[], options: PairOptions = {}): Promise<Score | Scores> {
    const list = toPairs(pairs);
    const { weights, maxQueryLength, maxPassageLength } = resolveScoreOptions(this.#parts.manifest, options);
    const { signal, onProgress } = options;
    const queries = distinctIndices(list.map(([query]) => query));
    const passages = distinctIndices(list.map(([, passage]) => passage));
    const encodedQueries = await this.#tokenizer("query").encode([...queries.keys()], { maxLength: maxQueryLength, path: "options.maxQueryLength", signal });
    const encodedPassages = await this.#tokenizer("passage").encode([...passages.keys()], {
      maxLength: maxPassageLength,
      path: "options.maxPassageLength",
      signal,
    });
    const outputs = { dense: true, lexical: true, colbert: true };
    const computed = await runTexts(this.#parts, [...encodedQueries, ...encodedPassages], { outputs, signal, onProgress });
    const scores = scorePairs(
      list.map(([query, passage]) => [computed[queries.get(query)!]!, computed[queries.size + passages.get(passage)!]!]),
      weights,
    );
    return isPair(pairs) ? scores[0]! : transposeScores(scores);
  }

  /** Tokens of each text, with prompt and special tokens, uncut. @throws InvalidInputError; the signal's reason */
  async countTokens(texts: readonly string[], kind: TextKind, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<number[]> {
    checkTexts(texts);
    checkKind(kind);
    return this.#tokenizer(kind).count(texts, signal);
  }

  /**
   * The tokens of a text that have ColBERT vectors, row by row, and where they are in the text.
   * @param maxLength as in {@link encode}; without it nothing is cut
   * @throws InvalidInputError
   */
  tokens(text: string, kind: TextKind, maxLength?: number): TextTokens {
    checkTexts([text]);
    checkKind(kind);
    const limit = maxLength === undefined ? undefined : resolveEncodeOptions(this.#parts.manifest, { maxLength }).maxLength;
    return this.#tokenizer(kind).tokens(text, limit);
  }

  #tokenizer(kind: TextKind): PromptedTokenizer {
    return new PromptedTokenizer(this.#parts.tokenizer, this.#parts.manifest, kind);
  }
}

/** Each distinct text with its index among them, in order of first appearance. */
function distinctIndices(texts: readonly string[]): Map<string, number> {
  const indices = new Map<string, number>();
  for (const text of texts) if (!indices.has(text)) indices.set(text, indices.size);
  return indices;
}

/** The embedding of each text; a text that comes again gets copies, so that a caller may change or transfer one without changing another. */
function withoutSharing(order: readonly number[], computed: readonly TextEmbedding[]): TextEmbedding[] {
  const given = new Set<number>();
  return order.map((index) => {
    const embedding = computed[index]!;
    if (given.has(index)) return structuredClone(embedding);
    given.add(index);
    return embedding;
  });
}
