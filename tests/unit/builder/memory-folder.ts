/** Checkpoints and artefacts in memory, and small models to put into them. */
import type { ArtefactSink, CheckpointSource } from "#builder/ports.ts";
import { encoderTensors } from "#core/encoder-tensors.ts";
import type { Architecture, Manifest } from "#core/manifest.ts";
import { type NamedTensor, writeSafetensors } from "#core/safetensors.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import { syntheticElements } from "../../../tools/models/synthetic.ts";

export type Files = Record<string, Uint8Array<ArrayBuffer>>;

export function memorySource(files: Files): CheckpointSource {
  return {
    list: async () => Object.keys(files),
    size: async (file) => files[file]!.length,
    async read(file, offset, length, options) {
      options?.signal?.throwIfAborted();
      if (offset + length > files[file]!.length) throw new Error(`${file} was read beyond its end.`);
      return files[file]!.slice(offset, offset + length);
    },
  };
}

export class MemorySink implements ArtefactSink {
  readonly files: Files = {};
  async write(file: string, bytes: Uint8Array): Promise<void> {
    if (this.files[file]) throw new Error(`${file} was written twice.`);
    this.files[file] = new Uint8Array(bytes);
  }
}

/** The bytes of a tensor of a written artefact. */
export function storedBytes(files: Files, manifest: Manifest, name: string): Uint8Array<ArrayBuffer> {
  const pieces = locateTensor(manifest, name).parts.map(({ shard, offset, length }) => files[manifest.shards[shard]!.file]!.subarray(offset, offset + length));
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

export const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A tensor of numbers. */
export function floats(name: string, shape: readonly number[], values: ArrayLike<number>): NamedTensor {
  return { name, dtype: "F32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

export function halves(name: string, shape: readonly number[], bits: ArrayLike<number>): NamedTensor {
  return { name, dtype: "F16", shape, bytes: new Uint8Array(Uint16Array.from(bits).buffer) };
}

/** The formula's values for a tensor. */
export function formula(name: string, shape: readonly number[]): NamedTensor {
  return floats(name, shape, formulaValues(name, shape));
}

export function formulaValues(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  return syntheticElements(
    { name, shape },
    0,
    shape.reduce((product, size) => product * size, 1),
  );
}

/** The config.json of tests/fixtures/torch. */
export const BERT_CONFIG = {
  model_type: "bert",
  hidden_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  intermediate_size: 64,
  layer_norm_eps: 1e-12,
  vocab_size: 40,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  hidden_act: "gelu",
  pad_token_id: 0,
};

export const BERT_ARCHITECTURE: Architecture = {
  family: "bert",
  hiddenSize: 32,
  numHiddenLayers: 1,
  numAttentionHeads: 4,
  intermediateSize: 64,
  layerNormEps: 1e-12,
  vocabSize: 40,
  maxPositionEmbeddings: 16,
  positionOffset: 0,
  typeVocabSize: 2,
};

export const ENCODER = encoderTensors(BERT_ARCHITECTURE).map(({ name, shape }) => formula(name, shape));

export const HEADS = [
  formula("sparse_linear.weight", [1, 32]),
  formula("sparse_linear.bias", [1]),
  formula("colbert_linear.weight", [16, 32]),
  formula("colbert_linear.bias", [16]),
];

/** Stands for a vocabulary file where a test is not about it. */
export const VOCABULARY = new Uint8Array([1, 2, 3]);

export interface Changes {
  readonly config?: Record<string, unknown>;
  readonly encoder?: readonly NamedTensor[];
  readonly heads?: readonly NamedTensor[] | null;
  readonly files?: Files;
}

/** A small BERT checkpoint with both heads, or one with something else about it. */
export function bertFiles({ config = {}, encoder = ENCODER, heads = HEADS, files = {} }: Changes = {}): Files {
  return {
    "config.json": json({ ...BERT_CONFIG, ...config }),
    "model.safetensors": writeSafetensors(encoder).bytes,
    ...(heads ? { "heads.safetensors": writeSafetensors(heads).bytes } : {}),
    ...files,
  };
}

/** The list with some tensors replaced by name, and those mapped to null left out. */
export function replaced(tensors: readonly NamedTensor[], changes: Readonly<Record<string, NamedTensor | null>>): NamedTensor[] {
  return tensors.flatMap((tensor) => {
    const change = changes[tensor.name];
    if (change === null) return [];
    return [change ?? tensor];
  });
}
