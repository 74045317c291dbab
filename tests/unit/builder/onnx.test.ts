/** Published ONNX files (tests/fixtures/onnx) as artefacts, run, and compared with the same model built from its weights. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import { readOnnxInterface } from "#builder/onnx-interface.ts";
import type { CheckpointSource } from "#builder/ports.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import { buildModel } from "#cli/commands/build-model.ts";
import { fileModel, openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { syntheticCheckpoint } from "../../../tools/models/synthetic.ts";
import { cosine } from "../graph/support/goldens.ts";
import { json, memorySource } from "./memory-folder.ts";

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
