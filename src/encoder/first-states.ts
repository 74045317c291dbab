/** First hidden states of texts without a session: embedding rows after their LayerNorm, in float32. Training asks for them, where a head reads them. */
import type { Manifest } from "#core/manifest.ts";
import type { ReadOptions, StoredTensor, TensorSource } from "#core/tensor-source.ts";
import type { EmbeddingTable } from "./embedding-table.ts";

const NORM = "embeddings.LayerNorm";

export class FirstStates {
  readonly #manifest: Manifest;
  readonly #tensors: TensorSource;
  readonly #embeddings: Pick<EmbeddingTable, "gather">;
  #norm: Promise<readonly [gamma: Float32Array, beta: Float32Array]> | undefined;

  constructor(manifest: Manifest, tensors: TensorSource, embeddings: Pick<EmbeddingTable, "gather">) {
    this.#manifest = manifest;
    this.#tensors = tensors;
    this.#embeddings = embeddings;
  }

  /** @param ids of one text @returns [tokens, hiddenSize] @throws what reading a page of word embeddings throws */
  async of(ids: Int32Array, options?: ReadOptions): Promise<Float32Array> {
    const { hiddenSize, layerNormEps } = this.#manifest.architecture;
    this.#norm ??= this.#readNorm();
    const [[gamma, beta], rows] = await Promise.all([this.#norm, this.#embeddings.gather([ids], options)]);
    for (let start = 0; start < rows.length; start += hiddenSize) normalise(rows, start, gamma, beta, layerNormEps);
    return rows;
  }

  async #readNorm() {
    const read = async (part: string) => float32(await this.#tensors.read(`${NORM}.${part}`));
    return Promise.all([read("weight"), read("bias")]);
  }
}

/** A row in place: (x - mean) / √(variance + eps) · gamma + beta. */
function normalise(rows: Float32Array, start: number, gamma: Float32Array, beta: Float32Array, eps: number): void {
  const size = gamma.length;
  let sum = 0;
  for (let at = start; at < start + size; at++) sum += rows[at]!;
  const mean = sum / size;
  let squares = 0;
  for (let at = start; at < start + size; at++) squares += (rows[at]! - mean) ** 2;
  const scale = 1 / Math.sqrt(squares / size + eps);
  for (let column = 0; column < size; column++) rows[start + column] = (rows[start + column]! - mean) * scale * gamma[column]! + beta[column]!;
}

function float32({ bytes }: StoredTensor): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
