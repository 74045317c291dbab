/**
 * Our own encoder in WebAssembly behind the session port: XLM-RoBERTa and BERT on the CPU, ragged batches, three heads. What one thread does is in forward.ts;
 * here is what becomes of a batch: its place in memory, its turn, its end when it is aborted.
 */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError, DisposedError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession, SessionInfo, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { type ChosenProducts, chooseProducts } from "./choose-products.ts";
import { type Batch, blockRows, ForwardPass, phaseCount } from "./forward.ts";
import { compileKernels, hasRelaxedSimd, instantiateKernels, type ModuleKind } from "./kernels.ts";
import { LinearMemory, outOfMemory } from "./linear-memory.ts";
import { type EncoderWeights, loadWeights, type WeightOptions } from "./weights.ts";
import { planWorkSpace, type WorkSpace } from "./work-space.ts";

export interface WasmEncoderOptions extends Partial<Omit<WeightOptions, "kind">> {
  /** Default: relaxed where the browser has it. */
  readonly kind?: ModuleKind | undefined;
}

/** As long as a call may compute before it listens whether it was aborted. */
const TURN_MS = 12;

/** Padding costs nothing here, so only the time to the next question limits a batch. */
const BATCH = { tokenBudget: 512, maxTexts: 64, maxPadding: Number.POSITIVE_INFINITY } as const;

/** @throws BackendError when the model or the browser is not one that it runs; what reading a tensor throws; the signal's reason */
export async function openWasmEncoder(model: LoadedModel, options: WasmEncoderOptions = {}): Promise<EncoderSession> {
  const { kind = hasRelaxedSimd() ? "relaxed" : "plain", precision = "default" } = options;
  const memory = new LinearMemory(false);
  const kernels = await instantiateKernels(await compileKernels(kind, false), memory.memory);
  const products = chooseProducts(kernels, kind, memory);
  const weights = await loadWeights(model, memory, { ...options, kind, precision });
  return new WasmEncoder(model.manifest, memory, products, weights, sessionInfo(model.manifest, kind, precision, products));
}

function sessionInfo({ dtype }: Manifest, kind: ModuleKind, precision: "default" | "fp32", { name }: ChosenProducts): SessionInfo {
  const bits = kind === "relaxed" ? 8 : 11;
  const weights = dtype === "q4" ? "4-bit weights in blocks of 32" : `${kind === "relaxed" ? 7 : 8}-bit weights`;
  const isFloat = precision === "fp32" || (dtype !== "q4" && dtype !== "q8");
  return {
    backend: "wasm",
    engine: `bge-m3-web wasm (${kind === "relaxed" ? `relaxed SIMD, ${name}` : "SIMD"})`,
    precision: isFloat ? "fp32" : `${weights}, ${bits}-bit activations with one scale per token`,
    threads: 1,
    batch: BATCH,
  };
}

class WasmEncoder implements EncoderSession {
  readonly info: SessionInfo;
  readonly #manifest: Manifest;
  readonly #products: ChosenProducts;
  readonly #weights: EncoderWeights;
  #memory: LinearMemory | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(manifest: Manifest, memory: LinearMemory, products: ChosenProducts, weights: EncoderWeights, info: SessionInfo) {
    this.info = info;
    this.#manifest = manifest;
    this.#memory = memory;
    this.#products = products;
    this.#weights = weights;
  }

  run(batch: TokenBatch, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<TokenBatchResult> {
    const result = this.#tail.then(() => this.#run(batch, signal));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** A batch at hand ends with a DisposedError at its next pause. */
  async dispose(): Promise<void> {
    this.#memory = undefined;
    await this.#tail;
  }

  async #run({ rows, lengths, outputs }: TokenBatch, signal: AbortSignal | undefined): Promise<TokenBatchResult> {
    const memory = this.#live(signal);
    const { hiddenSize } = this.#weights;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    if (rows.length !== tokens * hiddenSize || lengths.some((length) => length < 1)) {
      throw new BackendError(`a batch of ${tokens} tokens came with ${rows.length} numbers instead of ${tokens * hiddenSize}.`, { backend: "wasm" });
    }
    const space = planWorkSpace(this.#weights, { tokens, longest: Math.max(0, ...lengths) }, memory.end, 1);
    try {
      memory.require(space.end);
    } catch (error) {
      throw outOfMemory(error, tokens);
    }
    memory.float32(space.hidden, rows.length).set(rows);
    const batch: Batch = { lengths, tokens, outputs, blockRows: blockRows(tokens, 1) };
    const forward = new ForwardPass(this.#products.functions, this.#weights, space, batch);
    await this.#compute(forward, signal);
    return this.#collect(memory, space, batch);
  }

  async #compute(forward: ForwardPass, signal: AbortSignal | undefined): Promise<void> {
    let heard = performance.now();
    for (let phase = 0; phase < phaseCount(this.#weights); phase++) {
      const tasks = forward.taskCount(phase);
      for (let task = 0; task < tasks; task++) {
        forward.run(phase, task, 0);
        if (performance.now() - heard < TURN_MS) continue;
        await nextMessageTurn();
        this.#live(signal);
        heard = performance.now();
      }
    }
  }

  /** @throws DisposedError; the signal's reason */
  #live(signal: AbortSignal | undefined): LinearMemory {
    if (!this.#memory) throw new DisposedError("session");
    throwIfAborted(signal);
    return this.#memory;
  }

  #collect(memory: LinearMemory, space: WorkSpace, { lengths, tokens, outputs }: Batch): TokenBatchResult {
    const { heads } = this.#manifest;
    const { hiddenSize, lexical, colbert } = this.#weights;
    const columns = (address: number, stride: number, count: number) => {
      const values = memory.float32(address, tokens * stride);
      if (stride === count) return values.slice();
      const kept = new Float32Array(tokens * count);
      for (let token = 0; token < tokens; token++) kept.set(values.subarray(token * stride, token * stride + count), token * count);
      return kept;
    };
    return {
      pooled: outputs.dense ? pool(memory.float32(space.hidden, tokens * hiddenSize), lengths, hiddenSize, heads.dense.pooling) : null,
      lexical: outputs.lexical && lexical ? columns(space.lexical, lexical.at(-1)!.outputs, 1) : null,
      colbert: outputs.colbert && colbert ? columns(space.colbert, colbert.at(-1)!.outputs, heads.colbert!.dim) : null,
      computedTokens: tokens,
    };
  }
}

/** The first token of each text, or the mean of all. */
export function pool(hidden: Float32Array, lengths: readonly number[], size: number, pooling: "cls" | "mean"): Float32Array {
  const pooled = new Float32Array(lengths.length * size);
  let first = 0;
  for (const [text, length] of lengths.entries()) {
    const used = pooling === "cls" ? 1 : length;
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let token = first; token < first + used; token++) sum += hidden[token * size + column]!;
      pooled[text * size + column] = sum / used;
    }
    first += length;
  }
  return pooled;
}
