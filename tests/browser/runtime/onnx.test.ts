/** Published ONNX files in Chromium: built into an artefact in memory, and run on WebAssembly as a worker would. */
import { describe, expect, it } from "vitest";
import { buildArtefact } from "#builder/build-artefact.ts";
import { buildOnnxArtefact } from "#builder/build-onnx-artefact.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import { locateTensor } from "#core/tensor-layout.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { runSelfTest } from "#encoder/self-test.ts";
import { openSession } from "#runtime/open-session.ts";
import { deviceCandidates } from "#worker/device-candidates.ts";
import { syntheticCheckpoint } from "../../../tools/models/synthetic.ts";
import { type Files, MemorySink, memorySource, VOCABULARY } from "../../unit/builder/memory-folder.ts";
import { ALL, cosine } from "../../unit/graph/support/goldens.ts";

const IDS = Int32Array.of(0, 17, 42, 250, 6, 99, 2);
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

async function fixture(layout: string, names: readonly string[]): Promise<Files> {
  const files = names.map(async (name) => {
    const response = await fetch(`/tests/fixtures/onnx/${layout}/${name}`);
    return [name, new Uint8Array(await response.arrayBuffer())] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

/** An artefact in memory as a model. */
function memoryModel({ files }: MemorySink, manifest: Manifest): LoadedModel {
  return {
    manifest,
    readTokenizer: async () => VOCABULARY,
    tensors: {
      async read(name) {
        const { dtype, shape, parts } = locateTensor(manifest, name);
        const pieces = parts.map(({ shard, offset, length }) => files[manifest.shards[shard]!.file]!.subarray(offset, offset + length));
        return { dtype, shape, bytes: new Uint8Array(await new Blob(pieces).arrayBuffer()) };
      },
      release() {},
    },
  };
}

async function onnxModel(layout: string, names: readonly string[]): Promise<LoadedModel> {
  const sink = new MemorySink();
  const { manifest } = await buildOnnxArtefact(memorySource(await fixture(layout, names)), sink, { vocabulary: VOCABULARY });
  return memoryModel(sink, manifest);
}

async function run(model: LoadedModel) {
  const session = await openSession(model, { backend: "wasm", engine: "bge-m3-web", threads: 1 });
  const rows = await new EmbeddingTable(model.manifest, model.tensors).gather([IDS]);
  const { lexical, colbert } = model.manifest.heads;
  const result = await session.run({ rows, lengths: [IDS.length], outputs: { dense: true, lexical: lexical !== null, colbert: colbert !== null } });
  await session.dispose();
  return result;
}

describe("an ONNX file", () => {
  it.each([
    ["three-heads", ["config.json", "model.onnx"]],
    ["three-names", ["config.json", "bge_m3_model.onnx", "bge_m3_model.onnx_data"]],
    ["hidden", ["config.json", "onnx/model.onnx", "sparse_linear.pt", "colbert_linear.pt"]],
    ["sentence", ["config.json", "onnx/model.onnx", "onnx/model.onnx_data"]],
  ])("of the layout %s gives the numbers of its model", async (layout, names) => {
    const sink = new MemorySink();
    const built = await buildArtefact(syntheticCheckpoint({ architecture: ARCHITECTURE, colbertDim: 32 }), sink, { dtype: "fp32", vocabulary: VOCABULARY });
    const exact = memoryModel(sink, built.manifest);
    const session = await openSession(exact, { backend: "wasm", threads: 1 });
    const expected = await session.run({
      rows: await new EmbeddingTable(exact.manifest, exact.tensors).gather([IDS]),
      lengths: [IDS.length],
      outputs: ALL,
    });
    await session.dispose();
    const found = await run(await onnxModel(layout, names));
    expect(cosine(found.pooled!, expected.pooled!)).toBeGreaterThan(0.999999);
    if (found.lexical) for (const [token, weight] of found.lexical.entries()) expect(weight).toBeCloseTo(expected.lexical![token]!, 4);
    if (!found.colbert) return;
    for (let at = 32; at < found.colbert.length; at += 32) {
      expect(cosine(found.colbert.subarray(at, at + 32), expected.colbert!.subarray(at, at + 32))).toBeGreaterThan(0.999999);
    }
  });

  it("is never run on WebGPU, and passes the self-test of any model", async () => {
    const model = await onnxModel("three-heads-q8", ["config.json", "model_quantized.onnx"]);
    const candidates = await deviceCandidates(model, { device: "auto", threads: 1 });
    expect(candidates.map(({ backend, unavailable }) => [backend, unavailable])).toEqual([
      ["webgpu", "an ONNX file runs on WebAssembly only"],
      ["wasm", null],
    ]);
    await expect(openSession(model, { backend: "webgpu" })).rejects.toMatchObject({ code: "unsupported-model" });
    const session = await candidates[1]!.open(undefined);
    const result = await runSelfTest(session, new EmbeddingTable(model.manifest, model.tensors), model.manifest, { measure: false });
    expect(result).toMatchObject({ passed: true });
    expect(session.info.precision).toBe("as model_quantized.onnx has it");
    await session.dispose();
  });
});
