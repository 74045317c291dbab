/**
 * A checkpoint of an M3-shaped model whose weights are a formula, so that a test needs no weight file: tests/oracle/synthetic_weights.py in TypeScript, equal
 * to the last bit of every float32. It lies nowhere: a read computes the elements that it covers.
 *
 *     u = fmix32(i * 0x9E3779B1 + fnv1a32(name)),  x = u / 2^31 - 1      element i of the tensor called name
 */
import type { CheckpointSource } from "#builder/ports.ts";
import { encoderTensors } from "#core/encoder-tensors.ts";
import type { Architecture } from "#core/manifest.ts";

/** The model of tests/oracle/goldens-tiny.json. */
export const TINY_ARCHITECTURE: Architecture = {
  family: "xlm-roberta",
  hiddenSize: 64,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 128,
  layerNormEps: 1e-5,
  vocabSize: 250002,
  maxPositionEmbeddings: 8194,
  positionOffset: 2,
  typeVocabSize: 1,
};

interface FormulaTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Elements [first, first + count) of a tensor, row-major. */
export function syntheticElements({ name, shape }: FormulaTensor, first: number, count: number): Float32Array<ArrayBuffer> {
  const seed = fnv1a32(name);
  const inputs = shape.at(-1)!;
  const isBias = name.endsWith("bias");
  const isNorm = !isBias && name.includes("LayerNorm");
  const scale = isBias ? 0.02 : isNorm ? 0.1 : name.includes("embeddings") ? 1 : Math.sqrt(3 / inputs);
  const elements = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const hash = fmix32((Math.imul(first + index, 0x9e3779b1) + seed) >>> 0);
    const x = hash / 2 ** 31 - 1;
    elements[index] = isNorm ? 1 + scale * x : x * scale;
  }
  return elements;
}

/** FNV-1a over the UTF-8 bytes. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** MurmurHash3's 32-bit finaliser. */
function fmix32(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

export interface SyntheticOptions {
  readonly architecture: Architecture;
  /** Rows of the ColBERT head. */
  readonly colbertDim: number;
  /** More files, such as tokenizer.json. */
  readonly files?: Readonly<Record<string, Uint8Array<ArrayBuffer>>> | undefined;
}

/** A checkpoint with config.json, model.safetensors and heads.safetensors. */
export function syntheticCheckpoint({ architecture, colbertDim, files = {} }: SyntheticOptions): CheckpointSource {
  const heads = [
    { name: "sparse_linear.weight", shape: [1, architecture.hiddenSize] },
    { name: "sparse_linear.bias", shape: [1] },
    { name: "colbert_linear.weight", shape: [colbertDim, architecture.hiddenSize] },
    { name: "colbert_linear.bias", shape: [colbertDim] },
  ];
  const all: Record<string, FormulaFile> = {
    "config.json": bytesFile(new TextEncoder().encode(JSON.stringify(configOf(architecture)))),
    "model.safetensors": safetensorsFile(encoderTensors(architecture)),
    "heads.safetensors": safetensorsFile(heads),
    ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytesFile(bytes)])),
  };
  return {
    list: async () => Object.keys(all),
    size: async (name) => all[name]!.bytes,
    read: async (name, offset, length) => all[name]!.read(offset, length),
  };
}

function configOf(architecture: Architecture): Record<string, unknown> {
  return {
    model_type: architecture.family,
    hidden_size: architecture.hiddenSize,
    num_hidden_layers: architecture.numHiddenLayers,
    num_attention_heads: architecture.numAttentionHeads,
    intermediate_size: architecture.intermediateSize,
    layer_norm_eps: architecture.layerNormEps,
    vocab_size: architecture.vocabSize,
    max_position_embeddings: architecture.maxPositionEmbeddings,
    type_vocab_size: architecture.typeVocabSize,
    pad_token_id: architecture.family === "bert" ? 0 : architecture.positionOffset - 1,
    hidden_act: "gelu",
  };
}

interface FormulaFile {
  readonly bytes: number;
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

function bytesFile(bytes: Uint8Array<ArrayBuffer>): FormulaFile {
  return { bytes: bytes.length, read: (offset, length) => bytes.slice(offset, offset + length) };
}

/** Whole elements of one tensor, or a range of the header, per read: which is how the builder reads. */
function safetensorsFile(tensors: readonly FormulaTensor[]): FormulaFile {
  let end = 0;
  const placed = tensors.map((tensor) => {
    const begin = end;
    end += 4 * tensor.shape.reduce((product, size) => product * size, 1);
    return { tensor, begin, end };
  });
  const header = Object.fromEntries(
    placed.map(({ tensor, ...offsets }) => [tensor.name, { dtype: "F32", shape: tensor.shape, data_offsets: [offsets.begin, offsets.end] }]),
  );
  const json = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(8 + json.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(json.length), true);
  head.set(json, 8);
  return {
    bytes: head.length + end,
    read(offset, length) {
      if (offset + length <= head.length) return head.slice(offset, offset + length);
      const from = offset - head.length;
      const hit = placed.find((place) => from >= place.begin && from + length <= place.end);
      if (!hit || (from - hit.begin) % 4 !== 0 || length % 4 !== 0)
        throw new Error(`Bytes ${offset} to ${offset + length} are no whole elements of one tensor.`);
      return new Uint8Array(syntheticElements(hit.tensor, (from - hit.begin) / 4, length / 4).buffer);
    },
  };
}
