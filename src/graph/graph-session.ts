/**
 * An EncoderSession over any engine that runs ONNX graphs: cuts batches into rectangles, makes the graph's inputs, and puts the outputs back into the batch's
 * order. It knows the graph's inputs and outputs, not the engine: `GraphEngine` is all that the runtimes in the browser and in Node have to implement.
 *
 * It does not judge the numbers: the encoder checks every batch.
 */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError, DisposedError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession, OutputSelection, RunOptions, SessionInfo, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { groupTexts, isPadded, scatterGroup, startsOf, type TokenGroup } from "./token-groups.ts";

/** A tensor for a graph input. All inputs are float32. */
export interface Feed {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export type OutputName = "pooled" | "lexical" | "colbert" | "hidden";

/** Names of the outputs of a selection. */
export function selectedOutputs({ dense, lexical, colbert, hidden }: OutputSelection): OutputName[] {
  const wanted = { pooled: dense, lexical, colbert, hidden };
  return (Object.keys(wanted) as OutputName[]).filter((name) => wanted[name]);
}

/** One run of a graph. */
export interface GraphRun extends RunOptions {
  /** Inputs by name, as buildEncoderGraph lists them. */
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly outputs: OutputSelection;
  /** Whether the feeds are those of a masked graph. */
  readonly masked: boolean;
  /** In float32, of an engine that computes in half precision otherwise. */
  readonly exact?: boolean | undefined;
}

/** What runs graphs. `run` calls may overlap. */
export interface GraphEngine {
  readonly info: SessionInfo;
  /** Whether it computes in half precision, whose range large models may leave, and can compute a batch in float32 instead. */
  readonly half?: boolean | undefined;
  /** Whether it has masked graphs; otherwise it gets texts of equal length only. */
  readonly masks: boolean;
  /** @returns the outputs that were asked for; their memory is the caller's @throws BackendError; the signal's reason, where it pauses */
  run(run: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>>;
  dispose(): Promise<void>;
}

/** Added to the scores of padding: e to this power is 0 in float32. Not -Infinity, which a kernel may turn into NaN. */
const MASKED_SCORE = -1e4;

export class GraphSession implements EncoderSession {
  readonly info: SessionInfo;
  readonly #engine: GraphEngine;
  readonly #manifest: Manifest;
  #disposed: Promise<void> | undefined;

  constructor(engine: GraphEngine, manifest: Manifest) {
    this.info = engine.info;
    this.#engine = engine;
    this.#manifest = manifest;
  }

  async run(batch: TokenBatch, { signal, onProgress }: RunOptions = {}): Promise<TokenBatchResult> {
    const { architecture, heads } = this.#manifest;
    const { lengths, outputs } = batch;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const rowWidth = this.#manifest.onnx ? 1 : architecture.hiddenSize;
    if (batch.rows.length !== tokens * rowWidth || lengths.some((length) => length < 1)) {
      throw new BackendError(`a batch of ${tokens} tokens came with ${batch.rows.length} numbers instead of ${tokens * rowWidth}.`);
    }
    const results: Readonly<Record<OutputName, { into: Float32Array | null; columns: number }>> = {
      pooled: { into: outputs.dense ? new Float32Array(lengths.length * architecture.hiddenSize) : null, columns: architecture.hiddenSize },
      lexical: { into: outputs.lexical && heads.lexical ? new Float32Array(tokens) : null, columns: 1 },
      colbert: { into: outputs.colbert && heads.colbert ? new Float32Array(tokens * heads.colbert.dim) : null, columns: heads.colbert?.dim ?? 0 },
      hidden: { into: outputs.hidden ? new Float32Array(tokens * architecture.hiddenSize) : null, columns: architecture.hiddenSize },
    };
    const starts = startsOf(lengths);
    let computedTokens = 0;
    const groups = groupTexts(batch, rowWidth, this.#engine.masks);
    const allTokens = groups.reduce((sum, { texts, width }) => sum + texts.length * width, 0);
    for (const group of groups) {
      if (this.#disposed) throw new DisposedError("session");
      throwIfAborted(signal);
      const masked = isPadded(group);
      const [before, own] = [computedTokens, group.texts.length * group.width];
      const tell = onProgress && ((done: number) => onProgress((before + done * own) / allTokens));
      const found = await this.#run({ feeds: this.#feeds(group, masked, rowWidth), outputs, masked, signal, onProgress: tell });
      computedTokens += own;
      for (const name of Object.keys(results) as OutputName[]) {
        const { into, columns } = results[name];
        if (!into) continue;
        const from = found[name];
        const expected = group.texts.length * columns * (name === "pooled" ? 1 : group.width);
        if (from?.length !== expected) throw new BackendError(`the graph gave ${from?.length ?? "no"} numbers of ${name} instead of ${expected}.`);
        if (name !== "pooled") scatterGroup(from, into, group, starts, columns);
        else for (const [index, text] of group.texts.entries()) into.set(from.subarray(index * columns, (index + 1) * columns), text * columns);
      }
    }
    const { pooled, lexical, colbert, hidden } = results;
    return { pooled: pooled.into, lexical: lexical.into, colbert: colbert.into, hidden: hidden.into, computedTokens };
  }

  /** What an engine of half precision has no number for is computed once more, exactly: for this batch, not for good. */
  async #run(run: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    const found = await this.#engine.run(run);
    if (!this.#engine.half || Object.values(found).every(isPossible)) return found;
    throwIfAborted(run.signal);
    return await this.#engine.run({ ...run, exact: true });
  }

  /** Waits for a run at hand. */
  dispose(): Promise<void> {
    this.#disposed ??= this.#engine.dispose();
    return this.#disposed;
  }

  #feeds({ rows, texts, lengths, width }: TokenGroup, masked: boolean, rowWidth: number): Record<string, Feed> {
    const count = texts.length;
    const feeds: Record<string, Feed> = { rows: { dims: [count, width, rowWidth], data: rows } };
    if (!masked) return feeds;
    const perToken = (real: (length: number) => number, padding: number) => {
      const data = new Float32Array(count * width).fill(padding);
      for (const [index, length] of lengths.entries()) data.fill(real(length), index * width, index * width + length);
      return data;
    };
    feeds.key_bias = { dims: [count, 1, 1, width], data: perToken(() => 0, MASKED_SCORE) };
    feeds.query_zeros = { dims: [1, 1, width, 1], data: new Float32Array(width) };
    if (this.#manifest.heads.dense.pooling === "mean") feeds.pooling = { dims: [count, 1, width], data: perToken((length) => 1 / length, 0) };
    return feeds;
  }
}

/** Not infinite, not NaN: 0 times such a number is not 0. */
function isPossible(values: Float32Array): boolean {
  let zero = 0;
  for (let index = 0; index < values.length; index++) zero += values[index]! * 0;
  return zero === 0;
}
