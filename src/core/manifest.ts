/**
 * The manifest of a model artefact: everything a loader must know besides the bytes of the tensors. docs/model-format.md describes it for other readers.
 * Types only; `parse-manifest.ts` checks what comes from outside.
 */
import type { TensorDtype } from "./tensor-source.ts";

export const MANIFEST_FORMAT = "bge-m3-web/model";
export const MANIFEST_VERSION = 1;

/** How a matrix is stored. `float`: `<name>` is F32. `blocks4`: `<name>.q4` (two per byte, low nibble first, value = (nibble - 8) * scale) with `<name>.scale` (F16) per 32 inputs. */
export type WeightEncoding =
  | { readonly kind: "float" }
  /** `<name>` is F16. */
  | { readonly kind: "float16" }
  /** `<name>` is I8 [rows, cols], `<name>.scale` F32 [rows]: value = int8 * scale. */
  | { readonly kind: "rows8" }
  | { readonly kind: "blocks4"; readonly blockSize: 32 };

/** The encoder's shape, in the names of Hugging Face's config.json. */
export interface Architecture {
  readonly family: "xlm-roberta" | "bert";
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly layerNormEps: number;
  readonly vocabSize: number;
  /** Rows of the position table. */
  readonly maxPositionEmbeddings: number;
  /** Position of the first token: 0 for BERT, pad id + 1 = 2 for XLM-RoBERTa. */
  readonly positionOffset: number;
  readonly typeVocabSize: number;
}

/**
 * One layer of a head: y = x Wᵀ + b. Tensors `<tensor>.weight` [outputs, inputs] and `<tensor>.bias` [outputs]. The first layer of a head reads the last
 * hidden state of a token; one with twice as many inputs reads the first hidden state as well, after it (`readsFirstState` in head-inputs.ts).
 */
export interface HeadLayer {
  readonly tensor: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Applied after the layer. */
  readonly activation: "none" | "relu";
}

export interface Heads {
  readonly dense: { readonly pooling: "cls" | "mean" };
  /** Null when the checkpoint had no such head. The last layer has one output and relu. */
  readonly lexical: { readonly layers: readonly HeadLayer[] } | null;
  readonly colbert: { readonly layers: readonly HeadLayer[]; readonly dim: number } | null;
}

/** A file of the artefact, named by its content. */
export interface FileEntry {
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hexadecimal SHA-256 of the whole file. */
  readonly sha256: string;
}

/** Bytes [offset, offset + length) of shard number `shard`. */
export interface TensorPart {
  readonly shard: number;
  readonly offset: number;
  readonly length: number;
}

/** Where a tensor lies. One part, or several whole-row parts in row order for a tensor that is larger than a shard may be (BGE-M3's position table). */
export interface TensorEntry {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly parts: readonly TensorPart[];
}

/**
 * The word-embedding table, cut into pages of whole rows; a page is one shard, so it can be had alone. Read page p with the names of `tensor-layout.ts`;
 * `locateTensor` there knows the layout: from `dataOffset` the values (F32 or F16 [rows, hidden]; I8 [rows, hidden]; U8 [rows, hidden / 2]), then the scales
 * (rows8: F32 [rows]; blocks4: F16 [rows, hidden / 32]) follow without a gap. Every page has `rowsPerPage` rows, the last one the rest.
 */
export interface EmbeddingPages {
  readonly encoding: WeightEncoding;
  readonly rowsPerPage: number;
  /** Byte at which the tensors of a page begin, the same in each. */
  readonly dataOffset: number;
  /** Shard number of each page, in row order. */
  readonly shards: readonly number[];
}

/** One text whose outputs are known, for the self-test after load. Values are those of the fp32 model. */
export interface KnownAnswer {
  readonly text: string;
  readonly kind: "query" | "passage";
  readonly ids: readonly number[];
  /** Unit vector. */
  readonly dense: readonly number[];
}

/** A published ONNX file, kept as it was: its bytes are tensors of the artefact (U8, one dimension), named after the files. */
export interface OnnxModel {
  readonly file: string;
  /** Files that the graph refers to for its weights, by the names that it uses. */
  readonly externalData: readonly string[];
  /** Names of the graph's inputs; null for one that it has not. All are int64 [texts, tokens]. */
  readonly inputs: { readonly ids: string; readonly mask: string | null; readonly types: string | null };
  /**
   * Names of the graph's outputs; null for one that it has not. `dense` [texts, hidden]; `lexical` [texts, tokens, 1], after relu; `colbert` [texts, tokens, dim]
   * or without the row of `<s>`; `hidden` [texts, tokens, hidden], of which the heads that are missing are made. Normalised or not.
   */
  readonly outputs: { readonly dense: string | null; readonly lexical: string | null; readonly colbert: string | null; readonly hidden: string | null };
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly formatVersion: typeof MANIFEST_VERSION;
  /** `onnx`: the encoder is the ONNX file that `onnx` describes; `tensors` has it, and the heads that the graph has not. */
  readonly kind: "tensors" | "onnx";
  readonly onnx?: OnnxModel | undefined;
  readonly name: string;
  /** Hexadecimal SHA-256 over the digests of shards and vocabulary and the settings: changes when anything that changes a vector changes. */
  readonly fingerprint: string;
  readonly license: string;
  /** Where the weights come from, for people. */
  readonly source: string;
  readonly dtype: "fp32" | "fp16" | "q8" | "q4";
  readonly architecture: Architecture;
  readonly heads: Heads;
  /** Most tokens that the model reads, special tokens included. */
  readonly maxTokens: number;
  /** Put before a text of that kind; "" for none. Its tokens give no lexical weights and no ColBERT vectors. */
  readonly prompts: { readonly query: string; readonly passage: string };
  /**
   * `xlm-roberta`: a vocabulary of this package's own (src/tokenizer/README.md). `transformers`: the JSON text `{tokenizer, config}` of tokenizer.json and
   * tokenizer_config.json, for `@huggingface/transformers`.
   */
  readonly tokenizer: { readonly kind: "xlm-roberta" | "transformers" } & FileEntry;
  readonly shards: readonly FileEntry[];
  /** Every tensor but the word-embedding table; `locateTensor` (tensor-layout.ts) finds both. */
  readonly tensors: Readonly<Record<string, TensorEntry>>;
  /** How each matrix is stored: `<name>` as in the checkpoint's state dict. A matrix that is not listed is float. */
  readonly encodings: Readonly<Record<string, WeightEncoding>>;
  readonly wordEmbeddings: EmbeddingPages;
  readonly selfTest: { readonly minCosine: number; readonly answers: readonly KnownAnswer[] } | null;
}
