/** A checkpoint as a model that can be run, its weights in float32 as they lie there: what an artefact of it is compared with. Nothing is written. */

import { encoderTensors } from "#core/encoder-tensors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import { pageRows, pageTensorName, WORD_EMBEDDINGS } from "#core/tensor-layout.ts";
import type { ReadOptions, StoredTensor, TensorSource } from "#core/tensor-source.ts";
import { openEncoderTensors } from "./checkpoint.ts";
import { openHeads } from "./heads.ts";
import type { CheckpointSource } from "./ports.ts";
import { findMatrix, type SourceMatrix } from "./source-matrix.ts";

/**
 * @param artefact made of the same checkpoint: gives the settings and the tokenizer
 * @throws InvalidCheckpointError
 */
export async function openCheckpointModel(source: CheckpointSource, artefact: LoadedModel, options?: ReadOptions): Promise<LoadedModel> {
  const float = { kind: "float" } as const;
  const { architecture } = artefact.manifest;
  const wordEmbeddings = { ...artefact.manifest.wordEmbeddings, encoding: float };
  const manifest: Manifest = { ...artefact.manifest, dtype: "fp32", encodings: {}, wordEmbeddings, selfTest: null };
  const tensors = await openEncoderTensors(source, options);
  const heads = await openHeads(source, architecture.hiddenSize, options);
  const matrices = [...encoderTensors(architecture).map(({ name, shape }) => findMatrix(tensors, name, shape)), ...heads.tensors];
  return {
    manifest,
    tensors: new CheckpointTensors(manifest, new Map(matrices.map((matrix) => [matrix.name, matrix]))),
    readTokenizer: (readOptions) => artefact.readTokenizer(readOptions),
  };
}

class CheckpointTensors implements TensorSource {
  readonly #manifest: Manifest;
  readonly #matrices: ReadonlyMap<string, SourceMatrix>;

  constructor(manifest: Manifest, matrices: ReadonlyMap<string, SourceMatrix>) {
    this.#manifest = manifest;
    this.#matrices = matrices;
  }

  async read(name: string, options?: ReadOptions): Promise<StoredTensor> {
    const matrix = this.#matrices.get(name);
    if (matrix) return await floats(matrix, 0, matrix.shape[0]!, options);
    const page = this.#manifest.wordEmbeddings.shards.findIndex((_, index) => pageTensorName(index, "") === name);
    return await floats(this.#matrices.get(WORD_EMBEDDINGS)!, page * this.#manifest.wordEmbeddings.rowsPerPage, pageRows(this.#manifest, page), options);
  }

  release(): void {}
}

async function floats(matrix: SourceMatrix, first: number, rows: number, options?: ReadOptions): Promise<StoredTensor> {
  const values = await matrix.readFloats(first, rows, options);
  return { dtype: "F32", shape: [rows, ...matrix.shape.slice(1)], bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
