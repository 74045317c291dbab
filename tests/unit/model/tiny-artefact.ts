/** An artefact with hardly any weights: two shards that every encode needs, and two pages of a word-embedding table. Enough to move bytes about. */
import { encoderTensors } from "#core/encoder-tensors.ts";
import type { Architecture, Manifest, TensorEntry } from "#core/manifest.ts";
import { tensorBytes } from "#core/tensor-layout.ts";
import { bytesOf, entryOf } from "./fake-server.ts";

const architecture: Architecture = {
  family: "bert",
  hiddenSize: 4,
  numHiddenLayers: 1,
  numAttentionHeads: 1,
  intermediateSize: 4,
  layerNormEps: 1e-5,
  vocabSize: 6,
  maxPositionEmbeddings: 8,
  positionOffset: 0,
  typeVocabSize: 1,
};

const u8 = (length: number, ...parts: TensorEntry["parts"]): TensorEntry => ({ dtype: "U8", shape: [length], parts });

const tensors: Record<string, TensorEntry> = {
  first: u8(10, { shard: 0, offset: 100, length: 10 }),
  last: u8(300, { shard: 3, offset: 0, length: 300 }),
  split: u8(30, { shard: 0, offset: 380, length: 20 }, { shard: 3, offset: 5, length: 10 }),
};

let end = 400;
for (const { name, shape } of encoderTensors(architecture).slice(1)) {
  const length = tensorBytes("F32", shape);
  tensors[name] = { dtype: "F32", shape, parts: [{ shard: 0, offset: end, length }] };
  end += length;
}

export const files: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "tokenizer.bin": bytesOf(50, 1),
  "layers-1.bin": bytesOf(end, 2),
  "layers-2.bin": bytesOf(300, 3),
  "page-0.bin": bytesOf(8 + 4 * 16, 4),
  "page-1.bin": bytesOf(8 + 2 * 16, 5),
};

export const manifest: Manifest = {
  format: "bge-m3-web/model",
  formatVersion: 1,
  kind: "tensors",
  name: "tiny",
  fingerprint: "ab".repeat(32),
  license: "MIT",
  source: "made up",
  dtype: "fp32",
  architecture,
  heads: { dense: { pooling: "mean" }, lexical: null, colbert: null },
  maxTokens: 8,
  prompts: { query: "", passage: "" },
  tokenizer: { kind: "xlm-roberta", ...entryOf("tokenizer.bin", files["tokenizer.bin"]!) },
  shards: ["layers-1.bin", "page-0.bin", "page-1.bin", "layers-2.bin"].map((file) => entryOf(file, files[file]!)),
  tensors,
  encodings: {},
  wordEmbeddings: { encoding: { kind: "float" }, rowsPerPage: 4, dataOffset: 8, shards: [1, 2] },
  selfTest: null,
};
