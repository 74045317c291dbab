/**
 * The forward pass as tasks that any thread can do. A pass is a row of phases, and all tasks of a phase are done before the next begins:
 *
 *     rows 0 | attention 0 | rows 1 | attention 1 | … | rows L
 *
 * A task of a rows phase takes a block of tokens, of whatever texts, from one layer's attention to the next one's: products, GELU and LayerNorms know no
 * texts, so nothing is padded. A task of an attention phase takes one head of one text, or some queries of it where the text is long.
 */
import type { OutputSelection } from "#core/session.ts";
import type { Attend, KernelFunctions, PackKeysAndValues, RelaxedFunctions } from "./kernels.ts";
import type { ProductForm } from "./product-forms.ts";
import type { EncoderWeights, Linear } from "./weights.ts";
import { BLOCK_ROWS, type Scratch, type WorkSpace } from "./work-space.ts";

/** Queries of a task: some milliseconds, so that an abort is heard soon. */
const TASK_QUERIES = 512;
/** Numbers of a head of which a product fits into 32 bits (assembly/shared/attention-whole.ts). */
const LARGEST_WHOLE_HEAD = 64;
/** Texts of more tokens attend in bytes where dot products of bytes are an instruction: there attention is most of the time (docs/decisions/attention-in-bytes.md). */
export const LARGEST_IN_16_BITS = 1024;

export interface Batch {
  readonly lengths: readonly number[];
  readonly tokens: number;
  readonly outputs: OutputSelection;
  /** Rows of a rows task: BLOCK_ROWS, or less so that all threads have as many. A multiple of 4. */
  readonly blockRows: number;
  readonly form: ProductForm;
}

export function phaseCount({ layers }: EncoderWeights): number {
  return 2 * layers.length + 1;
}

/** As many as make all threads end at the same time, if they are as fast: the same number of tasks for each. No less than four rows: a tile of the kernels. */
export function blockRows(tokens: number, threads: number): number {
  const tasksOfEach = Math.max(1, Math.ceil(tokens / threads / BLOCK_ROWS));
  const share = Math.ceil(tokens / threads / tasksOfEach / 4) * 4;
  return Math.max(4, Math.min(BLOCK_ROWS, share));
}

interface AttentionTask {
  readonly firstToken: number;
  readonly length: number;
  readonly head: number;
  readonly firstQuery: number;
}

export class ForwardPass {
  readonly #kernels: KernelFunctions;
  readonly #bytes: Uint8Array;
  readonly #weights: EncoderWeights;
  readonly #space: WorkSpace;
  readonly #batch: Batch;
  readonly #attentionTasks: readonly AttentionTask[];
  /** Phase, text and head whose keys and values lie packed in this thread's scratch: the next task may need the same. */
  #packed = "";

  /** @param memory large enough for the work space */
  constructor(kernels: KernelFunctions, memory: WebAssembly.Memory, weights: EncoderWeights, space: WorkSpace, batch: Batch) {
    this.#kernels = kernels;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#weights = weights;
    this.#space = space;
    this.#batch = batch;
    this.#attentionTasks = listAttentionTasks(batch.lengths, weights.attentionHeads);
  }

  taskCount(phase: number): number {
    return phase % 2 === 0 ? Math.ceil(this.#batch.tokens / this.#batch.blockRows) : this.#attentionTasks.length;
  }

  run(phase: number, task: number, thread: number): void {
    const scratch = this.#space.scratch[thread]!;
    if (phase % 2 === 1) this.#attend(phase, this.#attentionTasks[task]!, scratch);
    else {
      const first = task * this.#batch.blockRows;
      this.#rows(phase / 2, first, Math.min(this.#batch.blockRows, this.#batch.tokens - first), scratch);
    }
  }

  #attend(phase: number, { firstToken, length, head, firstQuery }: AttentionTask, { attention }: Scratch): void {
    const { hiddenSize, attentionHeads } = this.#weights;
    const dim = hiddenSize / attentionHeads;
    const stride = 3 * hiddenSize * 4;
    const query = this.#space.projected + firstToken * stride + head * dim * 4;
    const key = query + hiddenSize * 4;
    const last = Math.min(length, firstQuery + TASK_QUERIES);
    const [pack, run] = this.#attention(length);
    const wanted = `${phase} ${firstToken} ${head}`;
    if (this.#packed !== wanted) pack(key, key + hiddenSize * 4, stride, length, dim, attention);
    this.#packed = wanted;
    run(query, query, stride, length, dim, firstQuery, last, 1 / Math.sqrt(dim), attention);
  }

  #attention(length: number): readonly [PackKeysAndValues, Attend] {
    const kernels = this.#kernels;
    if (!attendsInWholeNumbers(this.#weights)) return [kernels.packKeysAndValues, kernels.attend];
    if (this.#batch.form === "sums" || length <= LARGEST_IN_16_BITS) return [kernels.packKeysAndValuesWhole, kernels.attendWhole];
    const { packKeysAndValuesBytes, attendBytes } = kernels as RelaxedFunctions;
    return [packKeysAndValuesBytes, attendBytes];
  }

  #rows(index: number, first: number, rows: number, scratch: Scratch): void {
    const { layers, hiddenSize, intermediateSize, embeddingNorm, eps, keepsFirstStates } = this.#weights;
    const kernels = this.#kernels;
    const hiddenBytes = hiddenSize * 4;
    const hidden = this.#space.hidden + first * hiddenBytes;
    const projected = this.#space.projected + first * 3 * hiddenBytes;
    const { result, wide } = scratch;
    if (index === 0) {
      kernels.layerNorm(hidden, 0, rows, hiddenSize, embeddingNorm.gamma, embeddingNorm.beta, eps);
      if (keepsFirstStates) this.#copy(hidden, this.#space.first + first * hiddenBytes, rows * hiddenBytes);
    } else {
      const { attentionOutput, attentionNorm, intermediate, output, outputNorm } = layers[index - 1]!;
      this.#linear(attentionOutput, projected, 3 * hiddenBytes, rows, result, hiddenBytes, scratch);
      kernels.layerNorm(hidden, result, rows, hiddenSize, attentionNorm.gamma, attentionNorm.beta, eps);
      this.#linear(intermediate, hidden, hiddenBytes, rows, wide, intermediateSize * 4, scratch);
      if (intermediate.kind === "float") kernels.gelu(wide, rows * intermediateSize);
      else kernels.geluRounded(wide, rows * intermediateSize);
      this.#linear(output, wide, intermediateSize * 4, rows, result, hiddenBytes, scratch);
      kernels.layerNorm(hidden, result, rows, hiddenSize, outputNorm.gamma, outputNorm.beta, eps);
    }
    const next = layers[index];
    if (next) {
      this.#linear(next.projection, hidden, hiddenBytes, rows, projected, 3 * hiddenBytes, scratch);
      return;
    }
    const { lexical, colbert } = this.#weights;
    if (keepsFirstStates && (this.#batch.outputs.lexical || this.#batch.outputs.colbert)) this.#join(first, rows, scratch.both);
    if (this.#batch.outputs.lexical && lexical) this.#head(lexical, hidden, rows, this.#space.lexical + first * lexical.at(-1)!.outputs * 4, scratch);
    if (this.#batch.outputs.colbert && colbert) this.#head(colbert, hidden, rows, this.#space.colbert + first * colbert.at(-1)!.outputs * 4, scratch);
  }

  /** Last and first hidden state of each token side by side. */
  #join(first: number, rows: number, both: number): void {
    const bytes = this.#weights.hiddenSize * 4;
    for (let row = 0; row < rows; row++) {
      this.#copy(this.#space.hidden + (first + row) * bytes, both + 2 * row * bytes, bytes);
      this.#copy(this.#space.first + (first + row) * bytes, both + (2 * row + 1) * bytes, bytes);
    }
  }

  #copy(from: number, to: number, bytes: number): void {
    this.#bytes.copyWithin(to, from, from + bytes);
  }

  #head(chain: readonly Linear[], hidden: number, rows: number, out: number, scratch: Scratch): void {
    let from = chain[0]!.inputs === this.#weights.hiddenSize ? hidden : scratch.both;
    for (const [index, layer] of chain.entries()) {
      const to = index === chain.length - 1 ? out : index % 2 === 0 ? scratch.wide : scratch.wide2;
      this.#linear(layer, from, layer.inputs * 4, rows, to, layer.outputs * 4, scratch);
      from = to;
    }
  }

  #linear(layer: Linear, x: number, xStride: number, rows: number, out: number, outStride: number, { act, offsets, rowScales }: Scratch): void {
    const { kind, inputs, outputs, weights, scales, bias, sums, relu } = layer;
    const kernels = this.#kernels;
    if (kind === "float") {
      kernels.linearFloat(x, xStride, rows, inputs, outputs, weights, bias, relu ? 1 : 0, out, outStride);
      return;
    }
    const [quantise, linear] = kind === "blocks" ? [kernels.quantiseBlocks, kernels.linearBlocks] : [kernels.quantiseBytes, kernels.linearBytes];
    quantise(x, xStride, rows, inputs, act, rowScales, offsets);
    linear(act, offsets, rowScales, rows, weights, scales, bias, sums, inputs, outputs, out, outStride);
  }
}

/** Where what goes in was rounded to 8 bits, and what comes out will be, 16 bits lose nothing. */
export function attendsInWholeNumbers({ layers, hiddenSize, attentionHeads }: EncoderWeights): boolean {
  return layers[0]?.projection.kind !== "float" && hiddenSize / attentionHeads <= LARGEST_WHOLE_HEAD;
}

/** Long texts first, so that no thread is left with one at the end. */
function listAttentionTasks(lengths: readonly number[], heads: number): AttentionTask[] {
  const tasks: AttentionTask[] = [];
  let firstToken = 0;
  for (const length of lengths) {
    for (let head = 0; head < heads; head++) {
      for (let firstQuery = 0; firstQuery < length; firstQuery += TASK_QUERIES) tasks.push({ firstToken, length, head, firstQuery });
    }
    firstToken += length;
  }
  return tasks.sort((a, b) => b.length - a.length);
}
