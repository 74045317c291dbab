/** A manifest of the smallest model that has everything: a BERT of one layer in 4 bits, with three pages of words and two heads. It names no real files. */
import { encoderTensors } from "#core/encoder-tensors.ts";
import type { Architecture, Manifest, TensorEntry, WeightEncoding } from "#core/manifest.ts";
import { encodedParts } from "#core/tensor-layout.ts";

const architecture: Architecture = {
  family: "bert",
  hiddenSize: 32,
  numHiddenLayers: 1,
  numAttentionHeads: 4,
  intermediateSize: 64,
  layerNormEps: 1e-12,
  vocabSize: 10,
  maxPositionEmbeddings: 16,
  positionOffset: 0,
  typeVocabSize: 2,
};

const BLOCKS: WeightEncoding = { kind: "blocks4", blockSize: 32 };
const FLOAT: WeightEncoding = { kind: "float" };

/** A new one at each call, to be changed at will. */
export function smallManifest(): Manifest {
  const tensors: Record<string, TensorEntry> = {};
  const encodings: Record<string, WeightEncoding> = {};
  let end = 0;
  const add = (name: string, shape: readonly number[], encoding: WeightEncoding) => {
    const [rows, cols] = shape;
    const parts = cols === undefined ? [{ suffix: "", dtype: "F32" as const, shape, bytes: rows! * 4 }] : encodedParts(encoding, rows!, cols);
    for (const part of parts) {
      tensors[name + part.suffix] = { dtype: part.dtype, shape: part.shape, parts: [{ shard: 0, offset: end, length: part.bytes }] };
      end += part.bytes;
    }
    if (encoding.kind !== "float") encodings[name] = encoding;
  };
  for (const { name, shape, quantisable } of encoderTensors(architecture).slice(1)) add(name, shape, quantisable ? BLOCKS : FLOAT);
  add("sparse_linear.weight", [1, 32], FLOAT);
  add("sparse_linear.bias", [1], FLOAT);
  add("colbert_linear.weight", [16, 32], FLOAT);
  add("colbert_linear.bias", [16], FLOAT);
  return {
    format: "bge-m3-web/model",
    formatVersion: 1,
    kind: "tensors",
    name: "small",
    fingerprint: "0".repeat(64),
    license: "MIT",
    source: "a test",
    dtype: "q4",
    architecture: { ...architecture },
    heads: {
      dense: { pooling: "mean" },
      lexical: { layers: [{ tensor: "sparse_linear", inputs: 32, outputs: 1, activation: "relu" }] },
      colbert: { layers: [{ tensor: "colbert_linear", inputs: 32, outputs: 16, activation: "none" }], dim: 16 },
    },
    maxTokens: 16,
    prompts: { query: "query: ", passage: "" },
    tokenizer: { kind: "xlm-roberta", file: "v.vocab", bytes: 9, sha256: "a".repeat(64) },
    shards: [
      { file: "0.safetensors", bytes: end, sha256: "b".repeat(64) },
      { file: "1.safetensors", bytes: 256 + 72, sha256: "c".repeat(64) },
      { file: "2.safetensors", bytes: 256 + 72, sha256: "d".repeat(64) },
      { file: "3.safetensors", bytes: 256 + 36, sha256: "e".repeat(64) },
    ],
    tensors,
    encodings,
    wordEmbeddings: { encoding: BLOCKS, rowsPerPage: 4, dataOffset: 256, shards: [1, 2, 3] },
    selfTest: { minCosine: 0.99, answers: [{ text: "x", kind: "query", ids: [0, 9, 2], dense: Array<number>(32).fill(0.125) }] },
  };
}
