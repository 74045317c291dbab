/** Models whose weights are a formula, in memory: the one of goldens-tiny.json, and others of its kind. */
import type { Architecture, WeightEncoding } from "#core/manifest.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { syntheticElements } from "../../../../tools/models/synthetic.ts";
import { checkpointModel, type TestModel } from "./checkpoint-model.ts";

export interface SyntheticSize {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly colbertDim: number;
  readonly maxPositions: number;
}

/** @param bits 4 or 8 rounds the matrices of the encoder as the artefact stores them; leave it out for float */
export function syntheticModel(size: SyntheticSize, bits?: 4 | 8): TestModel {
  const { hidden, ffn } = size;
  const architecture: Architecture = {
    family: "xlm-roberta",
    hiddenSize: hidden,
    numHiddenLayers: size.layers,
    numAttentionHeads: size.heads,
    intermediateSize: ffn,
    layerNormEps: 1e-5,
    vocabSize: size.vocab,
    maxPositionEmbeddings: size.maxPositions,
    positionOffset: 2,
    typeVocabSize: 1,
  };
  const layer = (tensor: string, outputs: number, activation: "none" | "relu") => ({ tensor, inputs: hidden, outputs, activation });
  const heads = {
    dense: { pooling: "cls" },
    lexical: { layers: [layer("sparse_linear", 1, "relu")] },
    colbert: { layers: [layer("colbert_linear", size.colbertDim, "none")], dim: size.colbertDim },
  } as const;
  const matrices = new Map<string, [rows: number, cols: number]>();
  for (let i = 0; i < size.layers; i++) {
    for (const part of ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]) {
      matrices.set(`encoder.layer.${i}.${part}.weight`, [hidden, hidden]);
    }
    matrices.set(`encoder.layer.${i}.intermediate.dense.weight`, [ffn, hidden]);
    matrices.set(`encoder.layer.${i}.output.dense.weight`, [hidden, ffn]);
  }
  const encoding: WeightEncoding | undefined = bits === 4 ? { kind: "blocks4", blockSize: 32 } : bits === 8 ? { kind: "rows8" } : undefined;
  const encodings: Record<string, WeightEncoding> = {};
  if (encoding) for (const name of matrices.keys()) encodings[name] = encoding;

  const shapeOf = (name: string): readonly number[] => {
    const matrix = matrices.get(name);
    if (matrix) return matrix;
    if (name === "embeddings.position_embeddings.weight") return [size.maxPositions, hidden];
    if (name === "embeddings.token_type_embeddings.weight") return [1, hidden];
    if (name === "sparse_linear.weight") return [1, hidden];
    if (name === "colbert_linear.weight") return [size.colbertDim, hidden];
    if (name === "sparse_linear.bias") return [1];
    if (name === "colbert_linear.bias") return [size.colbertDim];
    return [name.endsWith("intermediate.dense.bias") ? ffn : hidden];
  };
  const float = (name: string): StoredTensor => {
    const shape = shapeOf(name);
    const count = shape.reduce((product, length) => product * length, 1);
    const values = syntheticElements({ name, shape }, 0, count);
    return { dtype: "F32", shape, bytes: new Uint8Array(values.buffer) };
  };
  const read = (name: string): StoredTensor => {
    const base = name.replace(/\.(q4|scale)$/, "");
    if (!encodings[base]) return float(name);
    return encode(base, float(base), bits!)[name.endsWith(".scale") ? 1 : 0];
  };
  const words = { name: "embeddings.word_embeddings.weight", shape: [size.vocab, hidden] };
  const wordRow = (id: number) => syntheticElements(words, id * hidden, hidden);
  return checkpointModel({ name: "synthetic", dtype: bits === 4 ? "q4" : bits === 8 ? "q8" : "fp32", architecture, heads }, encodings, read, wordRow);
}

/** Rounds a matrix as simply as can be; scales of 4-bit blocks are powers of two, which float16 has. */
function encode(name: string, { shape, bytes }: StoredTensor, bits: 4 | 8): [values: StoredTensor, scales: StoredTensor] {
  const values = new Float32Array(bytes.buffer);
  const [rows, cols] = shape as [number, number];
  const block = bits === 4 ? 32 : cols;
  const largest = bits === 4 ? 7 : 127;
  const rounded = new Int8Array(values.length);
  const scales = new Float32Array(values.length / block);
  for (let b = 0; b < scales.length; b++) {
    const part = values.subarray(b * block, (b + 1) * block);
    const exact = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / largest;
    scales[b] = bits === 4 ? 2 ** Math.ceil(Math.log2(exact)) : exact;
    for (const [i, value] of part.entries()) rounded[b * block + i] = Math.round(value / scales[b]!);
  }
  if (bits === 8) {
    return [
      { dtype: "I8", shape, bytes: new Uint8Array(rounded.buffer) },
      { dtype: "F32", shape: [rows], bytes: new Uint8Array(scales.buffer) },
    ];
  }
  const pairs = Uint8Array.from({ length: rounded.length / 2 }, (_, i) => (rounded[2 * i]! + 8) | ((rounded[2 * i + 1]! + 8) << 4));
  const halves = Uint16Array.from(scales, (scale) => (Math.log2(scale) + 15) << 10);
  if (halves.some((half, i) => half <= 0 || scales[i]! === 0)) throw new Error(`A scale of ${name} is no normal float16.`);
  return [
    { dtype: "U8", shape: [rows, cols / 2], bytes: pairs },
    { dtype: "F16", shape: [rows, cols / block], bytes: new Uint8Array(halves.buffer) },
  ];
}
