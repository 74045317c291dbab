/**
 * Checks a manifest that comes from outside (docs/model-format.md): every type and range, that every tensor lies inside its shard, and that all tensors
 * that the architecture and the heads need are there in their shapes. What it gives may be trusted like a value made here. It reads no shard.
 */
import { describeValue, InvalidManifestError, UnsupportedModelError } from "./errors.ts";
import { JsonView } from "./json-view.ts";
import {
  type Architecture,
  type EmbeddingPages,
  type FileEntry,
  type HeadLayer,
  type Heads,
  type KnownAnswer,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  type OnnxModel,
  type TensorEntry,
  type WeightEncoding,
} from "./manifest.ts";
import { checkTensors } from "./manifest-tensors.ts";

const FAMILIES = ["xlm-roberta", "bert"] as const;
const SHA256 = /^[0-9a-f]{64}$/;
/** No path separators and no leading dot, so a name can never leave the model's folder. */
const FILE_NAME = /^[0-9A-Za-z_][0-9A-Za-z._-]{0,127}$/;
const MAX_SIZE = 2 ** 24;
/** Of a whole ONNX file as one tensor. */
const MAX_TENSOR_SIZE = 2 ** 33;
const MAX_FILE_BYTES = 2 ** 31;
const MAX_SHARDS = 2 ** 16;
const MAX_ANSWERS = 64;

/**
 * @throws InvalidManifestError that names the field, or for a newer format version both versions and what to do
 * @throws UnsupportedModelError for an architecture that this package does not run
 */
export function parseManifest(json: unknown): Manifest {
  const root = new JsonView(json, (reason) => new InvalidManifestError(reason));
  if (root.field("format").value !== MANIFEST_FORMAT) {
    throw new InvalidManifestError(
      `its format is ${describeValue(root.field("format").value)}, not "${MANIFEST_FORMAT}". Give the manifest.json that build-model wrote.`,
    );
  }
  checkVersion(root.field("formatVersion").integer(1));
  const kind = root.field("kind").oneOf(["tensors", "onnx"]);
  const architecture = parseArchitecture(root.field("architecture"));
  const heads = parseHeads(root.field("heads"), architecture, kind);
  if (root.field("shards").items().length > MAX_SHARDS) root.field("shards").fail(`at most ${MAX_SHARDS} files`);
  const shards = root.field("shards").items().map(parseFile);
  const positions = architecture.maxPositionEmbeddings - architecture.positionOffset;
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    formatVersion: MANIFEST_VERSION,
    kind,
    ...(kind === "onnx" ? { onnx: parseOnnx(root.field("onnx")) } : {}),
    name: root.field("name").string(),
    fingerprint: parseDigest(root.field("fingerprint")),
    license: root.field("license").string(),
    source: root.field("source").string(),
    dtype: root.field("dtype").oneOf(["fp32", "fp16", "q8", "q4"]),
    architecture,
    heads,
    maxTokens: root.field("maxTokens").integer(3, positions),
    prompts: { query: root.field("prompts").field("query").string(), passage: root.field("prompts").field("passage").string() },
    tokenizer: { kind: root.field("tokenizer").field("kind").oneOf(["xlm-roberta", "transformers"]), ...parseFile(root.field("tokenizer")) },
    shards,
    tensors: parseRecord(root.field("tensors"), (view) => parseTensor(view, shards)),
    encodings: parseRecord(root.field("encodings"), parseEncoding),
    wordEmbeddings: parsePages(root.field("wordEmbeddings"), shards),
    selfTest: root.field("selfTest").isMissing ? null : parseSelfTest(root.field("selfTest"), architecture),
  };
  checkTensors(manifest);
  return manifest;
}

function checkVersion(version: number): void {
  if (version === MANIFEST_VERSION) return;
  const remedy = version > MANIFEST_VERSION ? "Update bge-m3-web, or build the model with this version of it." : "Build the model again with build-model.";
  throw new InvalidManifestError(`it has format version ${version}, but this bge-m3-web reads version ${MANIFEST_VERSION}. ${remedy}`, {
    version,
    supported: MANIFEST_VERSION,
  });
}

function parseArchitecture(view: JsonView): Architecture {
  const hiddenSize = view.field("hiddenSize").integer(1, MAX_SIZE);
  const numAttentionHeads = view.field("numAttentionHeads").integer(1, hiddenSize);
  if (hiddenSize % numAttentionHeads !== 0) view.field("numAttentionHeads").fail(`a divisor of hiddenSize ${hiddenSize}`);
  const maxPositionEmbeddings = view.field("maxPositionEmbeddings").integer(1, MAX_SIZE);
  return {
    family: parseFamily(view.field("family")),
    hiddenSize,
    numHiddenLayers: view.field("numHiddenLayers").integer(1, 1000),
    numAttentionHeads,
    intermediateSize: view.field("intermediateSize").integer(1, MAX_SIZE),
    layerNormEps: view.field("layerNormEps").number(0, 1),
    vocabSize: view.field("vocabSize").integer(1, MAX_SIZE),
    maxPositionEmbeddings,
    positionOffset: view.field("positionOffset").integer(0, maxPositionEmbeddings - 1),
    typeVocabSize: view.field("typeVocabSize").integer(1, 1000),
  };
}

/** @throws UnsupportedModelError for a family with another name: such a manifest is whole, but not for this version */
function parseFamily(view: JsonView): Architecture["family"] {
  const name = view.string();
  const family = FAMILIES.find((known) => known === name);
  if (!family)
    throw new UnsupportedModelError(
      `its architecture is "${name}", and this bge-m3-web runs ${FAMILIES.join(" and ")}. Update bge-m3-web, or load another model.`,
    );
  return family;
}

/** Heads of an ONNX graph's own have no layers. */
function parseHeads(view: JsonView, { hiddenSize }: Architecture, kind: Manifest["kind"]): Heads {
  const lexical = view.field("lexical");
  const colbert = view.field("colbert");
  const lexicalLayers = lexical.isMissing ? null : parseLayers(lexical.field("layers"), hiddenSize);
  const colbertLayers = colbert.isMissing ? null : parseLayers(colbert.field("layers"), hiddenSize);
  const lastLexical = lexicalLayers?.at(-1);
  const isOnnx = kind === "onnx";
  if (!isOnnx && lexicalLayers?.length === 0) lexical.field("layers").fail("at least one layer");
  if (!isOnnx && colbertLayers?.length === 0) colbert.field("layers").fail("at least one layer");
  if (lastLexical && (lastLexical.outputs !== 1 || lastLexical.activation !== "relu"))
    lexical.field("layers").fail("a chain that ends in one output with relu");
  return {
    dense: { pooling: view.field("dense").field("pooling").oneOf(["cls", "mean"]) },
    lexical: lexicalLayers && { layers: lexicalLayers },
    colbert: colbertLayers && { layers: colbertLayers, dim: parseColbertDim(colbert.field("dim"), colbertLayers) },
  };
}

function parseColbertDim(view: JsonView, layers: readonly HeadLayer[]): number {
  const last = layers.at(-1);
  return last ? view.integer(last.outputs, last.outputs) : view.integer(1, MAX_SIZE);
}

/** Each layer takes what the one before it gives; the first takes the last hidden state, or the last and the first. */
function parseLayers(view: JsonView, hiddenSize: number): HeadLayer[] {
  let inputs = 0;
  const layers = view.items().map((item): HeadLayer => {
    const given = item.field("inputs");
    const layer = {
      tensor: item.field("tensor").string(),
      inputs: inputs === 0 ? firstInputs(given, hiddenSize) : given.integer(inputs, inputs),
      outputs: item.field("outputs").integer(1, MAX_SIZE),
      activation: item.field("activation").oneOf(["none", "relu"]),
    };
    inputs = layer.outputs;
    return layer;
  });
  return layers;
}

function firstInputs(view: JsonView, hiddenSize: number): number {
  const inputs = view.integer(hiddenSize, 2 * hiddenSize);
  if (inputs !== hiddenSize && inputs !== 2 * hiddenSize) view.fail(`${hiddenSize} or ${2 * hiddenSize}`);
  return inputs;
}

function parseOnnx(view: JsonView): OnnxModel {
  const [inputs, outputs] = [view.field("inputs"), view.field("outputs")];
  const optional = (field: JsonView) => (field.isMissing ? null : field.string());
  const found = {
    dense: optional(outputs.field("dense")),
    lexical: optional(outputs.field("lexical")),
    colbert: optional(outputs.field("colbert")),
    hidden: optional(outputs.field("hidden")),
  };
  if (found.dense === null && found.hidden === null) outputs.fail("outputs with dense vectors or hidden states");
  return {
    file: view.field("file").string(),
    externalData: view
      .field("externalData")
      .items()
      .map((file) => file.string()),
    inputs: { ids: inputs.field("ids").string(), mask: optional(inputs.field("mask")), types: optional(inputs.field("types")) },
    outputs: found,
  };
}

function parseDigest(view: JsonView): string {
  return view.string("64 lower-case hexadecimal digits", (text) => SHA256.test(text));
}

function parseFile(view: JsonView): FileEntry {
  return {
    file: view.field("file").string("a file name without path separators", (text) => FILE_NAME.test(text)),
    bytes: view.field("bytes").integer(1, MAX_FILE_BYTES),
    sha256: parseDigest(view.field("sha256")),
  };
}

function parseTensor(view: JsonView, shards: readonly FileEntry[]): TensorEntry {
  return {
    dtype: view.field("dtype").oneOf(["F32", "F16", "I8", "U8"]),
    shape: view
      .field("shape")
      .items()
      .map((size) => size.integer(1, MAX_TENSOR_SIZE)),
    parts: view
      .field("parts")
      .items()
      .map((part) => {
        const shard = part.field("shard").integer(0, shards.length - 1);
        const offset = part.field("offset").integer(0, shards[shard]!.bytes);
        return { shard, offset, length: part.field("length").integer(1, shards[shard]!.bytes - offset) };
      }),
  };
}

function parseEncoding(view: JsonView): WeightEncoding {
  const kind = view.field("kind").oneOf(["float", "float16", "rows8", "blocks4"]);
  if (kind !== "blocks4") return { kind };
  view.field("blockSize").integer(32, 32);
  return { kind, blockSize: 32 };
}

function parsePages(view: JsonView, shards: readonly FileEntry[]): EmbeddingPages {
  return {
    encoding: parseEncoding(view.field("encoding")),
    rowsPerPage: view.field("rowsPerPage").integer(1, MAX_SIZE),
    dataOffset: view.field("dataOffset").integer(0, MAX_FILE_BYTES),
    shards: view
      .field("shards")
      .items()
      .map((shard) => shard.integer(0, shards.length - 1)),
  };
}

function parseSelfTest(view: JsonView, { hiddenSize, vocabSize }: Architecture): NonNullable<Manifest["selfTest"]> {
  const answers = view.field("answers");
  if (answers.items().length === 0 || answers.items().length > MAX_ANSWERS) answers.fail(`1 to ${MAX_ANSWERS} answers`);
  return { minCosine: view.field("minCosine").number(0, 1), answers: answers.items().map((answer) => parseAnswer(answer, hiddenSize, vocabSize)) };
}

function parseAnswer(view: JsonView, hiddenSize: number, vocabSize: number): KnownAnswer {
  const dense = view.field("dense").items();
  if (dense.length !== hiddenSize) view.field("dense").fail(`${hiddenSize} numbers`);
  return {
    text: view.field("text").string(),
    kind: view.field("kind").oneOf(["query", "passage"]),
    ids: view
      .field("ids")
      .items()
      .map((id) => id.integer(0, vocabSize - 1)),
    dense: dense.map((item) => item.number(-1.001, 1.001)),
  };
}

/** The entries of an object; `__proto__` as a key is kept as a plain field. */
function parseRecord<Value>(view: JsonView, parse: (entry: JsonView) => Value): Record<string, Value> {
  return Object.fromEntries(view.entries().map(([key, entry]) => [key, parse(entry)]));
}
