/**
 * Our own encoder in WebAssembly behind the session port: XLM-RoBERTa and BERT on the CPU, ragged batches, three heads. What one thread does is in forward.ts;
 * here is what becomes of a batch: its place in memory, its turn, its end when it is aborted.
 */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError, DisposedError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { EncoderSession, RunOptions, SessionInfo, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { chooseProducts } from "./choose-products.ts";
import { CONTROL_BYTES, Control } from "./control.ts";
import { type Batch, blockRows, type ForwardPass, phaseCount } from "./forward.ts";
import { compileKernels, hasRelaxedSimd, instantiateKernels, type KernelFunctions, type ModuleKind } from "./kernels.ts";
import { aligned, LinearMemory, outOfMemory } from "./linear-memory.ts";
import type { ProductForm } from "./product-forms.ts";
import { type SpawnThread, spawnThread, Threads } from "./threads.ts";
import { type EncoderWeights, loadWeights, type WeightOptions } from "./weights.ts";
import { planWorkSpace, type WorkSpace } from "./work-space.ts";

export interface WasmEncoderOptions extends Partial<Omit<WeightOptions, "kind">> {
  /** Default: relaxed where the browser has it. */
  readonly kind?: ModuleKind | undefined;
  /** More than one takes a cross-origin isolated page. Default 1. */
  readonly threads?: number | undefined;
  /** Default: threads of this package's own script. */
  readonly spawn?: SpawnThread | undefined;
}

/** As long as a call may compute before it listens whether it was aborted. */
const TURN_MS = 12;
/** As often it looks whether the other threads are done before it listens: some tens of microseconds. */
const LOOKS = 4000;

/** Batches before which the form of the products is chosen once more: the kernels' code is better by then (choose-products.ts). */
const CHOOSING: readonly number[] = [3, 12];

/** Padding costs nothing here, so only the time to the next question limits a batch. */
const BATCH = { tokenBudget: 512, maxTexts: 64, maxPadding: Number.POSITIVE_INFINITY } as const;

/** @throws BackendError when the model or the browser is not one that it runs; what reading a tensor throws; the signal's reason */
export async function openWasmEncoder(model: LoadedModel, options: WasmEncoderOptions = {}): Promise<EncoderSession> {
  const { kind = hasRelaxedSimd() ? "relaxed" : "plain", precision = "default", threads = 1, spawn = spawnThread } = options;
  const isShared = threads > 1;
  const memory = new LinearMemory(isShared);
  const control = memory.allocate(CONTROL_BYTES);
  const module = await compileKernels(kind, isShared);
  const kernels = await instantiateKernels(module, memory.memory);
  const chooseForm = () => chooseProducts(kernels, kind, memory);
  // Before the weights are read: a browser whose numbers are wrong is left for another engine.
  const form = chooseForm();
  const weights = await loadWeights(model, memory, { ...options, kind, precision });
  const starts = Array.from({ length: threads - 1 }, (_, index) => ({ module, memory: memory.memory, weights, control, index: index + 1, threads }));
  const others = isShared ? await Threads.start(starts, spawn) : null;
  const infoFor = (now: ProductForm) => sessionInfo(model.manifest, kind, precision, now, others ? threads : 1);
  return new WasmEncoder(model.manifest, { memory, control, kernels, weights, others, form, chooseForm, infoFor });
}

function sessionInfo({ dtype }: Manifest, kind: ModuleKind, precision: "default" | "fp32", form: ProductForm, threads: number): SessionInfo {
  const bits = kind === "relaxed" ? 8 : 11;
  const weights = dtype === "q4" ? "4-bit weights in blocks of 32" : kind === "relaxed" ? "7-bit weights in blocks of 32" : "8-bit weights";
  const isFloat = precision === "fp32" || (dtype !== "q4" && dtype !== "q8");
  return {
    backend: "wasm",
    engine: `bge-m3-web wasm (${kind === "relaxed" ? `relaxed SIMD, ${form === "dots" ? "dot products" : "sums in 16 bits"}` : "SIMD"})`,
    precision: isFloat ? "fp32" : `${weights}, ${bits}-bit activations with one scale per token`,
    threads,
    batch: BATCH,
  };
}

interface WasmEncoderParts {
  readonly memory: LinearMemory;
  readonly control: number;
  readonly kernels: KernelFunctions;
  readonly weights: EncoderWeights;
  readonly others: Threads | null;
  readonly form: ProductForm;
  readonly chooseForm: () => ProductForm;
  readonly infoFor: (form: ProductForm) => SessionInfo;
}

class WasmEncoder implements EncoderSession {
  #info: SessionInfo;
  #form: ProductForm;
  #batches = 0;
  readonly #manifest: Manifest;
  readonly #weights: EncoderWeights;
  readonly #others: Threads | null;
  #parts: WasmEncoderParts | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(manifest: Manifest, parts: WasmEncoderParts) {
    this.#form = parts.form;
    this.#info = parts.infoFor(parts.form);
    this.#manifest = manifest;
    this.#weights = parts.weights;
    this.#others = parts.others;
    this.#parts = parts;
  }

  get info(): SessionInfo {
    return this.#info;
  }

  run(batch: TokenBatch, options: RunOptions = {}): Promise<TokenBatchResult> {
    const result = this.#tail.then(() => this.#run(batch, options));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** A batch at hand ends with a DisposedError at its next pause. */
  async dispose(): Promise<void> {
    this.#parts = undefined;
    await this.#tail;
    this.#others?.end();
  }

  async #run({ rows, lengths, outputs }: TokenBatch, options: RunOptions): Promise<TokenBatchResult> {
    const { memory, kernels, control: address, chooseForm, infoFor } = this.#live(options.signal);
    if (CHOOSING.includes(++this.#batches)) {
      this.#form = chooseForm();
      this.#info = infoFor(this.#form);
    }
    const { hiddenSize } = this.#weights;
    const { threads } = this.#info;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    if (rows.length !== tokens * hiddenSize || lengths.some((length) => length < 1)) {
      throw new BackendError(`a batch of ${tokens} tokens came with ${rows.length} numbers instead of ${tokens * hiddenSize}.`, { backend: "wasm" });
    }
    const lengthsAt = aligned(memory.end);
    const space = planWorkSpace(this.#weights, { tokens, longest: Math.max(0, ...lengths) }, lengthsAt + lengths.length * 4, threads);
    try {
      memory.require(space.end);
    } catch (error) {
      throw outOfMemory(error, tokens);
    }
    memory.float32(space.hidden, rows.length).set(rows);
    const batch: Batch = { lengths, tokens, outputs, blockRows: blockRows(tokens, threads), form: this.#form };
    const control = new Control(memory.memory, address);
    control.describe(batch, lengthsAt);
    await this.#compute(control, control.forwardPass(kernels, this.#weights, threads), options);
    return this.#collect(memory, space, batch);
  }

  /** Takes tasks like any other thread, and opens one phase after the other. Other messages get their turn now and then. */
  async #compute(control: Control, forward: ForwardPass, { signal, onProgress }: RunOptions): Promise<void> {
    let heard = performance.now();
    const listen = async () => {
      await nextMessageTurn();
      this.#live(signal);
      heard = performance.now();
    };
    const phases = phaseCount(this.#weights);
    for (let phase = 0; phase < phases; phase++) {
      const tasks = forward.taskCount(phase);
      control.open(phase, tasks);
      try {
        for (let ticket = control.take(); ticket; ticket = control.take()) {
          forward.run(phase, ticket.task, 0);
          control.finish();
          if (performance.now() - heard < TURN_MS) continue;
          await listen();
          onProgress?.((phase + control.done / tasks) / phases);
        }
        await this.#finished(control, tasks, listen);
      } catch (error) {
        // Nobody may write into the next batch.
        const taken = control.close();
        await this.#finished(control, taken, nextMessageTurn);
        throw error;
      }
    }
  }

  async #finished(control: Control, tasks: number, listen: () => Promise<void>): Promise<void> {
    for (let look = 1; control.done < tasks; look++) {
      if (look % LOOKS === 0) await listen();
      const failure = this.#others?.failure;
      if (failure !== undefined) throw new BackendError(`a thread failed: ${failure}.`, { backend: "wasm", spoiled: true });
    }
  }

  /** @throws DisposedError; the signal's reason */
  #live(signal: AbortSignal | undefined): WasmEncoderParts {
    if (!this.#parts) throw new DisposedError("session");
    throwIfAborted(signal);
    return this.#parts;
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
      hidden: outputs.hidden ? memory.float32(space.hidden, tokens * hiddenSize).slice() : null,
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
