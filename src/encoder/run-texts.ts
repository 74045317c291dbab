/** Tokenised texts through the model, batch by batch, to the three representations of each. */
import { throwIfAborted } from "#core/abort.ts";
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import { MissingHeadError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { EncoderSession, OutputSelection, TokenBatchResult } from "#core/session.ts";
import { denseVector } from "#heads/dense.ts";
import { lexicalEntries, toLexicalWeights } from "#heads/lexical.ts";
import { tokenVectors } from "#heads/multi-vector.ts";
import { planBatches } from "./batching.ts";
import { checkOutputs } from "./check-outputs.ts";
import type { EmbeddingTable } from "./embedding-table.ts";
import type { EncodedText, TextTokenizer } from "./tokenize-texts.ts";

/** The three representations of one text; null for a head that was not asked for. */
export interface TextEmbedding {
  readonly dense: Float32Array | null;
  readonly lexical: LexicalWeights | null;
  readonly colbert: TokenVectors | null;
}

interface Model {
  readonly manifest: Manifest;
  readonly tokenizer: Pick<TextTokenizer, "bosId" | "eosId" | "padId" | "unkId">;
  readonly session: EncoderSession;
  readonly embeddings: Pick<EmbeddingTable, "gather">;
}

interface RunTextsOptions {
  readonly outputs: OutputSelection;
  readonly truncateDim?: number | undefined;
  /** Whether a dense vector is the mean of the states of all `<s>` of a text, of which it may have several (MCLS). Default: as the manifest says. */
  readonly meanOfCls?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/**
 * @returns the embedding of each text, in the order of the texts
 * @throws MissingHeadError, NonFiniteOutputError, BackendError, what reading a page throws, or the signal's reason: it stops between batches
 */
export async function runTexts(model: Model, texts: readonly EncodedText[], options: RunTextsOptions): Promise<TextEmbedding[]> {
  const { manifest, session, embeddings } = model;
  const { outputs, signal, onProgress } = options;
  if (outputs.lexical && !manifest.heads.lexical) throw new MissingHeadError("lexical", manifest.name);
  if (outputs.colbert && !manifest.heads.colbert) throw new MissingHeadError("ColBERT", manifest.name);
  if (!outputs.dense && !outputs.lexical && !outputs.colbert) return texts.map(() => ({ dense: null, lexical: null, colbert: null }));

  const asked = options.meanOfCls ? { ...outputs, dense: false, hidden: outputs.dense } : outputs;
  const results = new Array<TextEmbedding>(texts.length);
  const lengths = texts.map(({ ids }) => ids.length);
  const batches = planBatches(lengths, session.info.batch);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let loaded = 0;
  const report = () => onProgress?.({ phase: "encode", loaded, total, unit: "tokens" });
  const gather = (batch: readonly number[]) => {
    const ids = batch.map((index) => texts[index]!.ids);
    return embeddings.gather(ids, { signal });
  };

  let nextRows = batches[0] && gather(batches[0]);
  report();
  // What is left to do with the batch before: while the engine's other threads, or the GPU, compute the next one.
  let finish = () => {};
  for (const [number, batch] of batches.entries()) {
    throwIfAborted(signal);
    const rows = await nextRows!;
    // Pages that the next batch lacks are read while this one is computed.
    nextRows = batches[number + 1] && gather(batches[number + 1]!);
    // When this batch fails, nobody waits for the next one's rows.
    nextRows?.catch(() => {});
    const batchTexts = batch.map((index) => texts[index]!);
    const batchLengths = batchTexts.map(({ ids }) => ids.length);
    const tokens = batchLengths.reduce((sum, length) => sum + length, 0);
    const before = loaded;
    const tell = (done: number) => {
      // What a batch that is cut in halves did is done again: then it stays where it was.
      loaded = Math.max(loaded, before + Math.floor(done * tokens));
      if (done < 1) report();
    };
    const running = session.run({ rows, lengths: batchLengths, outputs: asked }, { signal, onProgress: tell });
    if (number > 0) {
      // Its failure is thrown below, if nothing fails before.
      running.catch(() => {});
      await nextMessageTurn();
      finish();
    }
    const result = await running;
    throwIfAborted(signal);
    loaded = before + tokens;
    report();
    finish = () => {
      checkOutputs(result, { manifest, outputs: asked, texts: batch.length, tokens, backend: session.info.backend });
      splitResult(model, batchTexts, result, options.truncateDim).forEach((embedding, place) => {
        results[batch[place]!] = embedding;
      });
    };
  }
  finish();
  return results;
}

/** The raw outputs of a batch as embeddings of its texts. */
function splitResult({ manifest, tokenizer }: Model, texts: readonly EncodedText[], result: TokenBatchResult, truncateDim?: number): TextEmbedding[] {
  const { bosId, eosId, padId, unkId } = tokenizer;
  const specialIds = new Set([bosId, eosId, padId, unkId].filter((id) => id !== undefined));
  const width = manifest.architecture.hiddenSize;
  const colbertWidth = manifest.heads.colbert?.dim ?? 0;
  const { lexical, colbert, hidden } = result;
  const pooled = hidden ? meansOfCls(hidden, texts, width) : result.pooled;
  let start = 0;
  return texts.map(({ ids, skipped, furtherCls }, text) => {
    const rows = { start, tokens: ids.length, skipped };
    const weights = lexical?.subarray(start, start + ids.length);
    start += ids.length;
    const vectors = colbert && tokenVectors(colbert, colbertWidth, rows, truncateDim);
    return {
      dense: pooled && denseVector(pooled, text, width, truncateDim),
      lexical: weights ? toLexicalWeights(lexicalEntries(ids, weights, specialIds, skipped)) : null,
      colbert:
        vectors &&
        withoutRows(
          vectors,
          furtherCls?.map((place) => place - skipped).filter((row) => row >= 0),
        ),
    };
  });
}

/** The mean of the states of each text's `<s>`, the first and the further ones: [texts, width]. */
function meansOfCls(hidden: Float32Array, texts: readonly EncodedText[], width: number): Float32Array {
  const means = new Float32Array(texts.length * width);
  let start = 0;
  for (const [text, { ids, furtherCls = [] }] of texts.entries()) {
    const mean = means.subarray(text * width, (text + 1) * width);
    const places = [0, ...furtherCls];
    for (const place of places) {
      const at = (start + place) * width;
      for (let column = 0; column < width; column++) mean[column]! += hidden[at + column]! / places.length;
    }
    start += ids.length;
  }
  return means;
}

/** Token vectors but for some rows. @param rows ascending */
function withoutRows(vectors: TokenVectors, rows: readonly number[] = []): TokenVectors {
  if (rows.length === 0) return vectors;
  const { dim, tokens } = vectors;
  const data = new Float32Array((tokens - rows.length) * dim);
  let to = 0;
  for (let row = 0; row < tokens; row++) {
    if (rows.includes(row)) continue;
    data.set(vectors.data.subarray(row * dim, (row + 1) * dim), to);
    to += dim;
  }
  return { data, tokens: tokens - rows.length, dim };
}
