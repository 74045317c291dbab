/** Published ONNX files (tests/fixtures/onnx) as artefacts, run, and compared with the same model built from its weights. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import { buildOnnxArtefact } from "#builder/build-onnx-artefact.ts";
import { readOnnxInterface } from "#builder/onnx-interface.ts";
import { findLayout } from "#builder/onnx-layout.ts";
import { openOnnxFolder } from "#builder/open-onnx-folder.ts";
import type { CheckpointSource } from "#builder/ports.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import { buildModel } from "#cli/commands/build-model.ts";
import { fileModel, openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { recognisePublished } from "#cli/recognise-published.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { publishedModel, publishedModels } from "#core/published-models.ts";
import { sha256Hex } from "#core/sha256.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation } from "#graph/onnx-proto/generated/onnx_pb.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { syntheticCheckpoint } from "../../../tools/models/synthetic.ts";
import { cosine } from "../graph/support/goldens.ts";
import { json, MemorySink, memorySource } from "./memory-folder.ts";

const FIXTURES = path.resolve(import.meta.dirname, "../../fixtures/onnx");
const ARCHITECTURE = {
  family: "xlm-roberta",
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  layerNormEps: 1e-5,
  vocabSize: 300,
  maxPositionEmbeddings: 66,
  positionOffset: 2,
  typeVocabSize: 1,
} as const;
const TEXTS = ["and the", "a text of the world", "to be or not to be, that is the question", "x"];

let root: string;
let tokenizer: Uint8Array<ArrayBuffer>;
let exact: Awaited<ReturnType<typeof encode>>;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "onnx-"));
  const whole = JSON.parse(await readFile(path.resolve(import.meta.dirname, "../../../models/m3-mini/tokenizer.json"), "utf8"));
  const added_tokens = whole.added_tokens.filter((token: { id: number }) => token.id < 300);
  tokenizer = json({ ...whole, model: { ...whole.model, vocab: whole.model.vocab.slice(0, 300) }, added_tokens });
  const folder = path.join(root, "exact");
  await mkdir(folder);
  const source = syntheticCheckpoint({ architecture: ARCHITECTURE, colbertDim: 32, files: { "tokenizer.json": tokenizer } });
  const { manifest } = await buildArtefact(source, { write: (file, bytes) => writeFile(path.join(folder, file), bytes) }, { dtype: "fp32" });
  exact = await encode(fileModel(folder, manifest), "native");
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A fixture's folder with the tokenizer that all of them share. */
async function checkpointOf(layout: string): Promise<string> {
  const folder = await mkdtemp(path.join(root, `${layout}-`));
  const source = await openCheckpointFolder(path.join(FIXTURES, layout));
  for (const file of await source.list()) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), await source.read(file, 0, await source.size(file)));
  }
  await writeFile(path.join(folder, "tokenizer.json"), tokenizer);
  return folder;
}

async function build(layout: string): Promise<LoadedModel> {
  const out = path.join(root, `built-${layout}`);
  await buildModel({ checkpoint: await checkpointOf(layout), out, dtype: "q4" });
  return openFileModel(out);
}

async function encode(model: LoadedModel, engine: "native" | "wasm") {
  const { manifest } = model;
  const session = await openNodeSession(model, { engine });
  const embeddings = new EmbeddingTable(manifest, model.tensors);
  const encoder = new M3Encoder({ manifest, tokenizer: XlmRobertaTokenizer.fromBytes(await model.readTokenizer()), session, embeddings });
  const heads = { returnSparse: manifest.heads.lexical !== null, returnColbertVecs: manifest.heads.colbert !== null, maxLength: 64 };
  const result = await encoder.encode(TEXTS, "passage", heads);
  await session.dispose();
  return result;
}

/** Largest difference of any number, and the least cosine of a dense vector, from the model built from its weights. */
function compare(found: typeof exact) {
  let difference = 0;
  const differ = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
    expect(actual.length).toBe(expected.length);
    for (let index = 0; index < expected.length; index++) difference = Math.max(difference, Math.abs(actual[index]! - expected[index]!));
  };
  for (const [text, dense] of found.denseVecs!.entries()) {
    differ(dense, exact.denseVecs![text]!);
    if (found.colbertVecs) differ(found.colbertVecs[text]!.data, exact.colbertVecs![text]!.data);
    if (!found.lexicalWeights) continue;
    const [actual, expected] = [found.lexicalWeights[text]!, exact.lexicalWeights![text]!];
    for (const id of new Set([...Object.keys(actual), ...Object.keys(expected)])) differ([actual[id] ?? 0], [expected[id] ?? 0]);
  }
  return { difference, cosine: Math.min(...found.denseVecs!.map((dense, text) => cosine(dense, exact.denseVecs![text]!))) };
}

describe.each([
  ["three-heads", { lexical: { layers: [] }, colbert: { layers: [], dim: 32 } }, []],
  ["three-names", { lexical: { layers: [] }, colbert: { layers: [], dim: 32 } }, ["bge_m3_model.onnx_data"]],
  ["hidden", { lexical: { layers: [{ tensor: "sparse_linear" }] }, colbert: { layers: [{ tensor: "colbert_linear" }], dim: 32 } }, []],
  ["sentence", { lexical: null, colbert: null }, ["model.onnx_data"]],
] as const)("an ONNX file of the layout %s", (layout, heads, externalData) => {
  it("gives the numbers of the model that it was made of, natively and in WebAssembly", async () => {
    const model = await build(layout);
    expect(model.manifest).toMatchObject({
      kind: "onnx",
      dtype: "fp32",
      heads,
      onnx: { externalData, inputs: { ids: "input_ids", mask: "attention_mask", types: null } },
    });
    expect(parseManifest(JSON.parse(JSON.stringify(model.manifest)))).toEqual(model.manifest);
    for (const engine of ["native", "wasm"] as const) expect(compare(await encode(model, engine)).difference).toBeLessThan(2e-5);
  });
});

describe("an ONNX file with activations rounded at run time", () => {
  it("is known as one, and is near its model", async () => {
    const model = await build("three-heads-q8");
    expect(model.manifest).toMatchObject({ kind: "onnx", dtype: "q8", onnx: { file: "model_quantized.onnx" } });
    const { cosine: least, difference } = compare(await encode(model, "native"));
    expect(least).toBeGreaterThan(0.97);
    expect(difference).toBeGreaterThan(1e-4);
  });
});

describe("external data", () => {
  /** BAAI/bge-m3 has a constant in a file of its own, `Constant_7_attr__value`: the same made of a fixture, by other names than the usual ones. */
  async function scattered(): Promise<string> {
    const checkpoint = await checkpointOf("three-names");
    const file = path.join(checkpoint, "bge_m3_model.onnx");
    const model = fromBinary(ModelProtoSchema, await readFile(file));
    await rename(`${file}_data`, path.join(checkpoint, "weights.bin"));
    for (const { externalData } of model.graph!.initializer) for (const field of externalData) if (field.key === "location") field.value = "weights.bin";
    const tensors = model.graph!.node.flatMap(({ opType, attribute }) => (opType === "Constant" && attribute[0]?.t?.rawData.length ? [attribute[0].t] : []));
    const constant = tensors.sort((a, b) => b.rawData.length - a.rawData.length)[0]!;
    await writeFile(path.join(checkpoint, "Constant_7_attr__value"), constant.rawData);
    constant.externalData = [create(StringStringEntryProtoSchema, { key: "location", value: "Constant_7_attr__value" })];
    constant.dataLocation = TensorProto_DataLocation.EXTERNAL;
    constant.rawData = new Uint8Array();
    await writeFile(file, toBinary(ModelProtoSchema, model));
    return checkpoint;
  }

  it("is found by the names that the graph tells, a constant's too", async () => {
    const out = path.join(root, "scattered");
    await buildModel({ checkpoint: await scattered(), out, dtype: "q4" });
    const model = await openFileModel(out);
    expect(model.manifest.onnx!.externalData).toEqual(["Constant_7_attr__value", "weights.bin"]);
    for (const engine of ["native", "wasm"] as const) expect(compare(await encode(model, engine)).difference).toBeLessThan(2e-5);
  });

  it("is asked for by name when it is not there", async () => {
    const checkpoint = await scattered();
    await rm(path.join(checkpoint, "Constant_7_attr__value"));
    await expect(buildModel({ checkpoint, out: path.join(root, "refused"), dtype: "q4" })).rejects.toMatchObject({
      code: "invalid-checkpoint",
      message: expect.stringContaining('keeps weights in "Constant_7_attr__value", which is not in its folder'),
    });
  });
});

describe("a folder that is run as it lies", () => {
  it("has build-model's manifest, and gives the same numbers", async () => {
    const source = await openCheckpointFolder(await checkpointOf("hidden"));
    const model = await openOnnxFolder(source, { settings: { name: "hidden" } });
    const { manifest } = await buildOnnxArtefact(source, new MemorySink(), { settings: { name: "hidden" } });
    expect(model.manifest).toEqual(manifest);
    expect(compare(await encode(model, "native")).difference).toBeLessThan(2e-5);
    await expect(model.tensors.read("sparse_linear")).rejects.toMatchObject({ code: "invalid-manifest" });
  });

  it("takes the ONNX file that is named where there are several", async () => {
    const checkpoint = await checkpointOf("three-heads");
    await writeFile(path.join(checkpoint, "other.onnx"), "not this one");
    const source = await openCheckpointFolder(checkpoint);
    expect((await openOnnxFolder(source, { file: "model.onnx" })).manifest.onnx!.file).toBe("model.onnx");
    await expect(openOnnxFolder(source, { file: "missing.onnx" })).rejects.toMatchObject({ message: expect.stringContaining("no missing.onnx in its folder") });
  });
});

describe("the catalogue of published models", () => {
  it("has whole entries: each file once, digests and commits of their length, outputs that the builder knows", () => {
    expect(publishedModels.map(({ repository }) => repository)).toEqual([...new Set(publishedModels.map(({ repository }) => repository))]);
    for (const { repository, revision, file, files, inputs, outputs } of publishedModels) {
      const paths = files.map((one) => one.path);
      expect(new Set(paths).size, repository).toBe(paths.length);
      expect(paths).toEqual(expect.arrayContaining([file, "tokenizer.json", "config.json"]));
      if (revision !== null) expect(revision).toMatch(/^[0-9a-f]{40}$/);
      for (const { sha256, bytes } of files) {
        if (sha256 !== null) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
        // A digest is of a revision.
        if ((sha256 ?? bytes) !== null) expect(revision ?? files.find((one) => one.sha256 === sha256)!.revision).toMatch(/^[0-9a-f]{40}$/);
      }
      const value = (name: string | null) => (name === null ? [] : [{ name, dims: [null, null, null] }]);
      const graph = { inputs: inputs.flatMap(value), outputs: Object.values(outputs).flatMap(value), operators: new Set<string>(), externalData: [] };
      expect(findLayout(graph, file)).toMatchObject({ inputs: { ids: "input_ids", mask: "attention_mask", types: null }, outputs });
    }
    expect(publishedModel("Xenova/bge-m3")?.dtype).toBe("q8-dynamic");
    expect(publishedModel("somebody/else")).toBeUndefined();
  });

  it("recognises a folder by the digests of its files, and nothing else", async () => {
    const source = await openCheckpointFolder(await checkpointOf("three-names"));
    expect(await recognisePublished(source, "bge_m3_model.onnx")).toBeNull();
    const { repository, revision, files } = publishedModel("gpahal/bge-m3-onnx-int8")!;
    const bytes = new TextEncoder().encode("stands for 570 MB");
    const known = { path: "model.onnx", bytes: bytes.length, sha256: await sha256Hex(bytes) };
    const entries = [{ ...publishedModel("gpahal/bge-m3-onnx-int8")!, file: "model.onnx", files: [known, ...files.slice(1)] }];
    expect(await recognisePublished(memorySource({ "onnx/model.onnx": bytes }), "onnx/model.onnx", { entries })).toMatchObject({ repository, revision });
    bytes[0]! ^= 1;
    expect(await recognisePublished(memorySource({ "onnx/model.onnx": bytes }), "onnx/model.onnx", { entries })).toBeNull();
  });
});

describe("what cannot be run is refused", () => {
  const onnx = () => readFile(path.join(FIXTURES, "three-heads/model.onnx"));
  const building = async (layout: string, change: (folder: string) => Promise<void>) => {
    const checkpoint = await checkpointOf(layout);
    await change(checkpoint);
    return buildModel({ checkpoint, out: path.join(root, "refused"), dtype: "q4" });
  };

  it.each<[string, string, (folder: string) => Promise<void>, string, string]>([
    ["two ONNX files", "three-heads", async (folder) => writeFile(path.join(folder, "other.onnx"), await onnx()), "invalid-checkpoint", "several ONNX files"],
    ["no config.json", "three-heads", (folder) => rm(path.join(folder, "config.json")), "invalid-checkpoint", "no config.json"],
    [
      "an ONNX file that is cut",
      "three-heads",
      async (folder) => writeFile(path.join(folder, "model.onnx"), (await onnx()).subarray(0, 90_000)),
      "invalid-checkpoint",
      "is no ONNX model",
    ],
    [
      "another format",
      "three-heads",
      (folder) => writeFile(path.join(folder, "model.onnx"), "<html>not found</html>"),
      "invalid-checkpoint",
      "is no ONNX model",
    ],
    [
      "outputs of other names",
      "three-heads",
      async (folder) =>
        writeFile(path.join(folder, "model.onnx"), Buffer.from((await onnx()).toString("latin1").replaceAll("dense_vecs", "tense_vecs"), "latin1")),
      "unsupported-model",
      "gives tense_vecs, sparse_vecs, colbert_vecs",
    ],
  ])("%s", async (_, layout, change, code, message) => {
    await expect(building(layout, change)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await readdir(root)).not.toContain("refused");
  });

  it("a manifest that tells other outputs than the file has", async () => {
    const { manifest, ...model } = await build("three-heads");
    const outputs = { ...manifest.onnx!.outputs, dense: "dense" };
    await expect(openNodeSession({ ...model, manifest: { ...manifest, onnx: { ...manifest.onnx!, outputs } } })).rejects.toMatchObject({
      code: "invalid-manifest",
      message: expect.stringContaining('model.onnx has no "dense"'),
    });
  });

  it.each<[string, (manifest: Record<string, never>) => object, string]>([
    ["without its file", ({ onnx, ...rest }) => ({ ...rest, onnx: { ...(onnx as object), file: "other.onnx" } }), '"other.onnx" is missing'],
    ["without dense vectors", ({ onnx, ...rest }) => ({ ...rest, onnx: { ...(onnx as object), outputs: {} } }), "dense vectors or hidden states"],
    [
      "without a head's output",
      ({ onnx, ...rest }) => ({ ...rest, onnx: { ...(onnx as object), outputs: { dense: "dense_vecs" } } }),
      "no output for the lexical head",
    ],
    ["that is of tensors", (manifest) => ({ ...manifest, kind: "tensors", onnx: undefined }), "at least one layer"],
  ])("a manifest %s", async (_, change, message) => {
    const { manifest } = await build("three-heads");
    expect(() => parseManifest(change(JSON.parse(JSON.stringify(manifest))))).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });
});

it("reads what an ONNX file takes and gives in small pieces, whatever its weights weigh", async () => {
  const bytes = new Uint8Array(await readFile(path.join(FIXTURES, "three-heads/model.onnx")));
  const source = memorySource({ "model.onnx": bytes });
  let most = 0;
  const read: CheckpointSource["read"] = (file, offset, length, options) => {
    most = Math.max(most, length);
    return source.read(file, offset, length, options);
  };
  const { inputs, outputs, operators } = await readOnnxInterface({ ...source, read }, "model.onnx");
  expect(inputs.map(({ name }) => name)).toEqual(["input_ids", "attention_mask"]);
  expect(outputs.map(({ name, dims }) => [name, dims])).toEqual([
    ["dense_vecs", [null, null]],
    ["sparse_vecs", [null, null, 1]],
    ["colbert_vecs", [null, null, null]],
  ]);
  expect(operators).toContain("MatMul");
  expect(most).toBeLessThan(10_000);
});
