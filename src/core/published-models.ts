/**
 * ONNX files of BGE-M3 that others have published: what each repository holds, and what it gives. Nothing here is ever fetched by itself: `build-model` makes a
 * model of a downloaded folder, and `M3.load` reads one from the page's own origin, from the user's disk, or from what transformers.js has in its cache.
 * docs/published-models.md is for people.
 */

/** A file of a repository. */
export interface PublishedFile {
  /** Below the repository's root. */
  readonly path: string;
  /** Size and SHA-256 digest at the pinned revision; null where they are not known. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** Where it lies when that is another repository. */
  readonly repository?: string | undefined;
  /** Revision of that other repository. */
  readonly revision?: string | undefined;
  /** The model loads without it: a head's weights. */
  readonly optional?: boolean | undefined;
}

/** A repository with an ONNX file, and what is known of it. */
export interface PublishedModel {
  /** "owner/name", as Hugging Face's hub has it. */
  readonly repository: string;
  /** Commit that the sizes and digests are those of; null: not known, then a model is told apart by its fingerprint only. */
  readonly revision: string | null;
  readonly license: string;
  /** `q8-dynamic`: activations are rounded to 8 bits at run time, so it never runs on WebGPU. */
  readonly dtype: "fp32" | "q8-dynamic";
  /** The ONNX file. */
  readonly file: string;
  /** All that is needed, the ONNX file, its external data, tokenizer, configuration and heads. */
  readonly files: readonly PublishedFile[];
  /** Names of the graph's inputs: int64 [texts, tokens]. */
  readonly inputs: readonly string[];
  /** Names of the graph's outputs; null for one that it does not have. A head that is missing is made of `hidden` and the weights in `sparse_linear.pt` or `colbert_linear.pt`. */
  readonly outputs: { readonly dense: string | null; readonly lexical: string | null; readonly colbert: string | null; readonly hidden: string | null };
  /** Whether its dense and ColBERT vectors have length 1; null: not known. They are normalised here in any case. */
  readonly normalised: boolean | null;
}

const BAAI = { repository: "BAAI/bge-m3", revision: "5617a9f61b028005a4858fdac845db406aefb181" } as const;
const INPUTS = ["input_ids", "attention_mask"] as const;
const THREE_HEADS = { dense: "dense_vecs", lexical: "sparse_vecs", colbert: "colbert_vecs", hidden: null } as const;

const unknown = (path: string): PublishedFile => ({ path, bytes: null, sha256: null });
const TOKENIZER: PublishedFile = { path: "tokenizer.json", bytes: 17_098_108, sha256: "21106b6d7dab2952c1d496fb21d5dc9db75c28ed361a05f5020bbba27810dd08" };
const CONFIG: PublishedFile = { path: "config.json", bytes: 687, sha256: "26159e7ad065073448460117eb24b7a4572f6f4e78eadff65dc0a11c052449fa" };
const HEADS = [
  { path: "sparse_linear.pt", bytes: null, sha256: null, optional: true },
  { path: "colbert_linear.pt", bytes: null, sha256: null, optional: true },
] as const;
const ofBaai = (file: PublishedFile): PublishedFile => ({ ...file, ...BAAI });

/** The repositories that are known, with the revisions that could be found out. */
export const publishedModels: readonly PublishedModel[] = [
  {
    ...BAAI,
    license: "MIT",
    dtype: "fp32",
    file: "onnx/model.onnx",
    files: [
      { path: "onnx/model.onnx", bytes: 724_923, sha256: "f84251230831afb359ab26d9fd37d5936d4d9bb5d1d5410e66442f630f24435b" },
      { path: "onnx/model.onnx_data", bytes: 2_266_820_608, sha256: "1eebfb28493f67bba03ce0ef64bfdc7fc5a3bd9d7493f818bb1d78cd798416b4" },
      { path: "onnx/Constant_7_attr__value", bytes: 65_552, sha256: "cdf16f72c5d07b36484056e601ed9687f78477e5d85cee85a34f2406b7fb5906" },
      TOKENIZER,
      CONFIG,
      ...HEADS,
    ],
    inputs: INPUTS,
    outputs: { dense: "sentence_embedding", lexical: null, colbert: null, hidden: "token_embeddings" },
    normalised: true,
  },
  {
    repository: "Xenova/bge-m3",
    revision: "4de13258303883538bd53b696b452bf8099f0858",
    license: "MIT",
    dtype: "q8-dynamic",
    file: "onnx/model_quantized.onnx",
    files: [
      { path: "onnx/model_quantized.onnx", bytes: 569_694_530, sha256: "0826f8c1ab9edf1801db86c61919d4d108e8bfc0b809ec823ad366882ff0b77d" },
      { path: "tokenizer.json", bytes: null, sha256: "6710678b12670bc442b99edc952c4d996ae309a7020c1fa0096dd245c2faf790" },
      unknown("config.json"),
      ...HEADS.map(ofBaai),
    ],
    inputs: INPUTS,
    outputs: { dense: null, lexical: null, colbert: null, hidden: "last_hidden_state" },
    normalised: null,
  },
  {
    repository: "gpahal/bge-m3-onnx-int8",
    revision: "2b34e84df040034d4b9eabb62383a87c18955822",
    license: "MIT",
    dtype: "q8-dynamic",
    file: "model_quantized.onnx",
    files: [
      { path: "model_quantized.onnx", bytes: 569_958_496, sha256: "16de7ea1146ca427e14938ec3e9abfdcaff0e6ac76434cd693ac35d761250bcb" },
      { path: "tokenizer.json", bytes: null, sha256: "249df0778f236f6ece390de0de746838ef25b9d6954b68c2ee71249e0a9d8fd4" },
      unknown("config.json"),
    ],
    inputs: INPUTS,
    outputs: THREE_HEADS,
    normalised: null,
  },
  {
    repository: "aapot/bge-m3-onnx",
    revision: "76a603396f5eb9f03ed51bbab8f4893fcea7b2fe",
    license: "MIT",
    dtype: "fp32",
    file: "model.onnx",
    files: [
      { path: "model.onnx", bytes: null, sha256: "138d09ae2920b7e8731f01cba6b5ad996fd64bdfe34971e2d22ecbcf322e25b1" },
      { path: "model.onnx.data", bytes: null, sha256: "cfa52ffdb65db76612d6c3ad92130221822f613004113e8c0af18c5eab81a81d" },
      { path: "tokenizer.json", bytes: null, sha256: "6710678b12670bc442b99edc952c4d996ae309a7020c1fa0096dd245c2faf790" },
      unknown("config.json"),
    ],
    inputs: INPUTS,
    outputs: THREE_HEADS,
    normalised: null,
  },
  {
    repository: "yuniko-software/bge-m3-onnx",
    revision: null,
    license: "MIT",
    dtype: "fp32",
    file: "bge_m3_model.onnx",
    // Its tokenizer is an ONNX file of operators that the browser does not have.
    files: [unknown("bge_m3_model.onnx"), unknown("bge_m3_model.onnx_data"), ofBaai(TOKENIZER), ofBaai(CONFIG)],
    inputs: INPUTS,
    outputs: { dense: "dense_embeddings", lexical: "sparse_weights", colbert: "colbert_vectors", hidden: null },
    normalised: null,
  },
  {
    repository: "newtechstudio/bge-m3-3head",
    revision: null,
    license: "unknown",
    dtype: "fp32",
    file: "model.onnx",
    // Nothing but the name was to be found out: build-model goes by what is in the folder.
    files: [unknown("model.onnx"), ofBaai(TOKENIZER), ofBaai(CONFIG)],
    inputs: INPUTS,
    outputs: THREE_HEADS,
    normalised: null,
  },
];

/** The entry of a repository; undefined when it is not known. */
export function publishedModel(repository: string): PublishedModel | undefined {
  return publishedModels.find((model) => model.repository === repository);
}
