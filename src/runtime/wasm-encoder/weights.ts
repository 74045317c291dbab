/** Where an encoder's weights lie in the linear memory, and how they get there: one tensor after another, from what the artefact stores. */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError } from "#core/errors.ts";
import { anyReadsFirstState } from "#core/head-inputs.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { HeadLayer, Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { float16Values, float32Values, rowDecoder } from "#graph/weights/decode-rows.ts";
import { type StoredMatrix, sourcesOf, storedMatrix } from "#graph/weights/weight-binding.ts";
import type { ModuleKind } from "./kernels.ts";
import type { LinearMemory } from "./linear-memory.ts";
import { packBlocks, packBytes, packFloat, scalesOf, tiled } from "./pack.ts";

/** How a matrix is multiplied: 4-bit blocks as stored, in bytes (packBytes), or in float32. */
export type LinearKind = "blocks" | "bytes" | "float";

/** y = x W + b; addresses in the memory. */
export interface Linear {
  readonly kind: LinearKind;
  readonly inputs: number;
  /** A multiple of 8. */
  readonly outputs: number;
  readonly weights: number;
  readonly scales: number;
  readonly bias: number;
  /** Of each output's weights. */
  readonly sums: number;
  readonly relu: boolean;
}

export interface Norm {
  readonly gamma: number;
  readonly beta: number;
}

export interface EncoderLayer {
  /** Query, key and value side by side. */
  readonly projection: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: Norm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: Norm;
}

/** Plain data: it is sent to the threads. */
export interface EncoderWeights {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly attentionHeads: number;
  readonly eps: number;
  readonly embeddingNorm: Norm;
  readonly layers: readonly EncoderLayer[];
  readonly lexical: readonly Linear[] | null;
  readonly colbert: readonly Linear[] | null;
  /** Whether a head reads first hidden states beside the last ones. */
  readonly keepsFirstStates: boolean;
}

export interface WeightOptions {
  readonly kind: ModuleKind;
  readonly precision: "default" | "fp32";
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** A multiple of this is what the kernels of quantised matrices take. */
const INPUT_STEP = 32;

/** @throws BackendError for shapes that the kernels do not take, or when the weights do not fit; what reading a tensor throws; the signal's reason */
export async function loadWeights(model: LoadedModel, memory: LinearMemory, options: WeightOptions): Promise<EncoderWeights> {
  const { hiddenSize, intermediateSize, numAttentionHeads, layerNormEps, numHiddenLayers } = model.manifest.architecture;
  checkShapes(model.manifest);
  const loader = new WeightLoader(model, memory, options);
  try {
    const embeddingNorm = await loader.norm("embeddings.LayerNorm");
    const layers: EncoderLayer[] = [];
    for (let index = 0; index < numHiddenLayers; index++) {
      const name = `encoder.layer.${index}`;
      layers.push({
        projection: await loader.linear(
          ["query", "key", "value"].map((part) => `${name}.attention.self.${part}`),
          hiddenSize,
          hiddenSize,
        ),
        attentionOutput: await loader.linear([`${name}.attention.output.dense`], hiddenSize, hiddenSize),
        attentionNorm: await loader.norm(`${name}.attention.output.LayerNorm`),
        intermediate: await loader.linear([`${name}.intermediate.dense`], hiddenSize, intermediateSize),
        output: await loader.linear([`${name}.output.dense`], intermediateSize, hiddenSize),
        outputNorm: await loader.norm(`${name}.output.LayerNorm`),
      });
      options.onProgress?.({ phase: "prepare", loaded: index + 1, total: numHiddenLayers, unit: "steps", file: name });
    }
    const { lexical, colbert } = model.manifest.heads;
    return {
      hiddenSize,
      intermediateSize,
      attentionHeads: numAttentionHeads,
      eps: layerNormEps,
      embeddingNorm,
      layers,
      lexical: lexical && (await loader.head(lexical.layers)),
      colbert: colbert && (await loader.head(colbert.layers)),
      keepsFirstStates: anyReadsFirstState(model.manifest),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BackendError(`its weights do not fit into memory (${error.message})`, { backend: "wasm" }, { cause: error });
  }
}

function checkShapes({ architecture }: Manifest): void {
  const { hiddenSize, intermediateSize, numAttentionHeads } = architecture;
  const wrong = (what: string) => new BackendError(`our WebAssembly kernels take no ${what}.`, { backend: "wasm" });
  if (hiddenSize % INPUT_STEP !== 0) throw wrong(`hidden size of ${hiddenSize}`);
  if (intermediateSize % INPUT_STEP !== 0) throw wrong(`intermediate size of ${intermediateSize}`);
  if ((hiddenSize / numAttentionHeads) % 8 !== 0) throw wrong(`heads of ${hiddenSize / numAttentionHeads}`);
}

/** Of a matrix in the memory. */
type Places = Pick<Linear, "weights" | "scales" | "sums">;

class WeightLoader {
  readonly #model: LoadedModel;
  readonly #memory: LinearMemory;
  readonly #options: WeightOptions;

  constructor(model: LoadedModel, memory: LinearMemory, options: WeightOptions) {
    this.#model = model;
    this.#memory = memory;
    this.#options = options;
  }

  async norm(name: string): Promise<Norm> {
    return { gamma: await this.#vector([`${name}.weight`]), beta: await this.#vector([`${name}.bias`]) };
  }

  /** Layers that read the same input, side by side: `outputs` of each. */
  async linear(names: readonly string[], inputs: number, outputs: number): Promise<Linear> {
    const matrices = names.map((name) => storedMatrix(this.#model.manifest, `${name}.weight`, outputs, inputs));
    const kind = this.#kindOf(matrices);
    const count = outputs * names.length;
    const memory = this.#memory;
    const weights = memory.allocate(count * inputs * (kind === "float" ? 4 : 1));
    const scales = kind === "float" ? 0 : memory.allocate(count * scalesOf(kind, this.#options.kind, inputs) * 4);
    const sums = kind === "float" ? 0 : memory.allocate(count * 4);
    for (const [index, matrix] of matrices.entries()) {
      const stored = await this.#read(sourcesOf(matrix));
      this.#pack(kind, matrix, stored, index * outputs, { weights, scales, sums });
    }
    return { kind, inputs, outputs: count, weights, scales, sums, bias: await this.#vector(names.map((name) => `${name}.bias`)), relu: false };
  }

  /** A head's chain, in float32: it is small, and its outputs are what is measured. */
  async head(layers: readonly HeadLayer[]): Promise<Linear[]> {
    const chain: Linear[] = [];
    // A layer reads what the one before it gives, which was filled up with zeros to eights.
    let inputs = layers[0]!.inputs;
    for (const { tensor, inputs: used, outputs, activation } of layers) {
      const matrix = storedMatrix(this.#model.manifest, `${tensor}.weight`, outputs, used);
      const decode = rowDecoder(matrix, await this.#read(sourcesOf(matrix)));
      const weights = this.#memory.allocate(tiled(outputs) * inputs * 4);
      packFloat(decode, outputs, inputs, this.#memory.float32(weights, tiled(outputs) * inputs));
      const bias = await this.#vector([`${tensor}.bias`], tiled(outputs));
      chain.push({ kind: "float", inputs, outputs: tiled(outputs), weights, scales: 0, sums: 0, bias, relu: activation === "relu" });
      inputs = tiled(outputs);
    }
    return chain;
  }

  #kindOf(matrices: readonly StoredMatrix[]): LinearKind {
    const kinds = matrices.map(({ encoding }) => encoding.kind);
    if (this.#options.precision === "fp32" || kinds.some((kind) => kind !== "blocks4" && kind !== "rows8")) return "float";
    return kinds.every((kind) => kind === "blocks4") ? "blocks" : "bytes";
  }

  #pack(kind: LinearKind, matrix: StoredMatrix, stored: readonly StoredTensor[], firstOutput: number, { weights, scales, sums }: Places): void {
    const { rows, cols } = matrix;
    const memory = this.#memory;
    const size = rows * cols;
    const skipped = firstOutput * cols;
    const sumsInto = () => memory.float32(sums + firstOutput * 4, rows);
    if (kind === "float") {
      packFloat(rowDecoder(matrix, stored), rows, cols, memory.float32(weights + skipped * 4, size));
      return;
    }
    const perOutput = scalesOf(kind, this.#options.kind, cols);
    const scalesInto = memory.float32(scales + firstOutput * perOutput * 4, rows * perOutput);
    if (kind === "bytes") {
      packBytes(this.#options.kind, rowDecoder(matrix, stored), rows, cols, memory.uint8(weights + skipped, size), scalesInto, sumsInto());
      return;
    }
    packBlocks(this.#options.kind, stored[0]!.bytes, float16Values(stored[1]!), rows, cols, memory.uint8(weights + skipped, size), scalesInto, sumsInto());
  }

  /** Vectors end to end, filled up with zeros to `size` numbers. */
  async #vector(names: readonly string[], size?: number): Promise<number> {
    const parts = (await this.#read(names)).map(float32Values);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const address = this.#memory.allocate((size ?? length) * 4);
    const into = this.#memory.float32(address, length);
    let at = 0;
    for (const part of parts) {
      into.set(part, at);
      at += part.length;
    }
    return address;
  }

  async #read(names: readonly string[]): Promise<StoredTensor[]> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    return Promise.all(names.map((name) => this.#model.tensors.read(name, { signal })));
  }
}
