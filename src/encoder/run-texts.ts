/** Tokenised texts through the model, batch by batch, to the three representations of each. */
import { throwIfAborted } from "#core/abort.ts";
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import { MissingHeadError } from "#core/errors.ts";
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
    const result = await session.run({ rows, lengths: batchLengths, outputs }, { signal, onProgress: tell });
    throwIfAborted(signal);
    checkOutputs(result, { manifest, outputs, texts: batch.length, tokens, backend: session.info.backend });
    splitResult(model, batchTexts, result, options.truncateDim).forEach((embedding, place) => {
      results[batch[place]!] = embedding;
    });
    loaded = before + tokens;
    report();
  }
  return results;
}

/** The raw outputs of a batch as embeddings of its texts. */
function splitResult({ manifest, tokenizer }: Model, texts: readonly EncodedText[], result: TokenBatchResult, truncateDim?: number): TextEmbedding[] {
  const { bosId, eosId, padId, unkId } = tokenizer;
  const specialIds = new Set([bosId, eosId, padId, unkId].filter((id) => id !== undefined));
  const width = manifest.architecture.hiddenSize;
  const colbertWidth = manifest.heads.colbert?.dim ?? 0;
  const { pooled, lexical, colbert } = result;
  let start = 0;
  return texts.map(({ ids, skipped }, text) => {
    const rows = { start, tokens: ids.length, skipped };
    const weights = lexical?.subarray(start, start + ids.length);
    start += ids.length;
    return {
      dense: pooled && denseVector(pooled, text, width, truncateDim),
      lexical: weights ? toLexicalWeights(lexicalEntries(ids, weights, specialIds, skipped)) : null,
      colbert: colbert && tokenVectors(colbert, colbertWidth, rows, truncateDim),
    };
  });
}
