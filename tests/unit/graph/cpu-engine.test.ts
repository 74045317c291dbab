/** The CPU graphs where they can be run here: natively, and in WebAssembly as it comes with onnxruntime-web. */
import path from "node:path";
import * as native from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { openCpuEngine } from "#graph/cpu-engine.ts";
import { GraphSession } from "#graph/graph-session.ts";
import type { OrtApi, OrtSession, OrtSessionOptions } from "#graph/ort-api.ts";
import { saturates } from "#graph/saturation.ts";
import goldensMini from "../../oracle/goldens-mini.json";
import { ALL, type Golden, type Heads, nearness, runGolden } from "./support/goldens.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

const goldens = goldensMini.texts as unknown as readonly Golden[];
const M3_MINI = path.resolve(import.meta.dirname, "../../../public/models/m3-mini");
const info = { backend: "native", engine: "test", threads: 1, batch: { tokenBudget: 512, maxTexts: 8, maxPadding: 0 } } as const;
const SMALL = { layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 1000, colbertDim: 32, maxPositions: 4098 };
const ids = (count: number, seed: number) => Array.from({ length: count }, (_, index) => 4 + ((index * seed) % 900));

/** The native runtime on a processor whose kernels saturate. */
const saturating: OrtApi<native.Tensor> = {
  Tensor: native.Tensor,
  InferenceSession: {
    async create(model: Uint8Array, options: OrtSessionOptions) {
      const session = (await native.InferenceSession.create(model, options)) as OrtSession<native.Tensor>;
      if (options.externalData.length > 0) return session;
      const tooSmall = { y: { data: Float32Array.of(255 * 127) } };
      return { inputNames: session.inputNames, outputNames: session.outputNames, run: async () => tooSmall, release: () => session.release() };
    },
  },
};

async function headsOf(model: LoadedModel, session: GraphSession | Awaited<ReturnType<typeof openNodeSession>>): Promise<Heads[]> {
  const embeddings = new EmbeddingTable(model.manifest, model.tensors);
  const heads: Heads[] = [];
  for (const golden of goldens) heads.push(await runGolden(session, model.manifest, golden, await embeddings.gather([Int32Array.from(golden.ids)])));
  await session.dispose();
  return heads;
}

describe("m3-mini in int8", () => {
  it("keeps the bars in WebAssembly", async () => {
    const model = await openFileModel(M3_MINI);
    const session = await openNodeSession(model, { engine: "wasm" });
    expect(session.info).toMatchObject({ backend: "wasm", threads: 1, precision: expect.stringContaining("int8") });
    const { denseMean, colbertMean, colbertWorst, lexicalOverlap } = nearness(await headsOf(model, session), goldens);
    expect(denseMean).toBeGreaterThan(0.999);
    expect(colbertMean).toBeGreaterThan(0.997);
    expect(colbertWorst).toBeGreaterThan(0.99);
    expect(lexicalOverlap).toBeGreaterThanOrEqual(0.95);
  });

  it("keeps them with unsigned weights, where the processor's kernels would saturate", async () => {
    const model = await openFileModel(M3_MINI);
    const engine = await openCpuEngine(model, { precision: "default", info, ort: saturating });
    const { denseMean, colbertMean, colbertWorst, lexicalOverlap } = nearness(await headsOf(model, new GraphSession(engine, model.manifest)), goldens);
    expect(denseMean).toBeGreaterThan(0.999);
    expect(colbertMean).toBeGreaterThan(0.997);
    expect(colbertWorst).toBeGreaterThan(0.99);
    expect(lexicalOverlap).toBeGreaterThanOrEqual(0.95);
  });
});

it("finds out that kernels saturate", async () => {
  expect(await saturates(saturating)).toBe(true);
});

it("attends long texts in chunks, each as if it were alone", async () => {
  const model = syntheticModel(SMALL);
  const session = await openNodeSession(model);
  const long = [ids(1100, 7), ids(1100, 11)];
  const rows = long.map((text) => model.embed(text));
  const together = await session.run({ rows: Float32Array.from([...rows[0]!, ...rows[1]!]), lengths: [1100, 1100], outputs: ALL });
  const alone = await session.run({ rows: rows[1]!, lengths: [1100], outputs: ALL });
  const second = together.colbert!.subarray(1100 * 32);
  expect(Math.max(...alone.colbert!.map((value, index) => Math.abs(value - second[index]!)))).toBeLessThan(1e-5);
  // Without position rows a text and its repetition attend to the same values in the same proportions: short path and long path must agree.
  const pieces = ids(600, 13).map((id) => model.embed([id]));
  const once = Float32Array.from(pieces.flatMap((piece) => [...piece]));
  const twice = Float32Array.from([...once, ...once]);
  const short = await session.run({ rows: once, lengths: [600], outputs: ALL });
  const doubled = await session.run({ rows: twice, lengths: [1200], outputs: ALL });
  expect(Math.max(...short.colbert!.map((value, index) => Math.abs(value - doubled.colbert![index]!)))).toBeLessThan(1e-5);
  await session.dispose();
});

it("runs heads with a hidden layer", async () => {
  const plain = syntheticModel(SMALL);
  const layers = [
    { tensor: "colbert_linear", inputs: 64, outputs: 32, activation: "relu" },
    { tensor: "second", inputs: 32, outputs: 2, activation: "none" },
  ] as const;
  const second = Float32Array.from({ length: 64 }, (_, index) => (index === 3 || index === 32 + 5 ? 1 : 0));
  const bias = Float32Array.of(10, 20);
  const tensors = {
    ...plain.tensors,
    read: async (name: string) => {
      if (name === "second.weight") return { dtype: "F32", shape: [2, 32], bytes: new Uint8Array(second.buffer) } as const;
      if (name === "second.bias") return { dtype: "F32", shape: [2], bytes: new Uint8Array(bias.buffer) } as const;
      return plain.tensors.read(name);
    },
  };
  const manifest = { ...plain.manifest, heads: { ...plain.manifest.heads, colbert: { layers, dim: 2 } } };
  const batch = { rows: plain.embed([0, 7, 8, 2]), lengths: [4], outputs: { dense: false, lexical: false, colbert: true } };
  const run = async (model: LoadedModel) => {
    const session = await openNodeSession(model);
    const { colbert } = await session.run(batch);
    await session.dispose();
    return colbert!;
  };
  const hidden = await run(plain);
  const outputs = await run({ ...plain, manifest, tensors });
  const relu = (token: number, unit: number) => Math.max(0, hidden[token * 32 + unit]!);
  const expected = [0, 1, 2, 3].flatMap((token) => [10 + relu(token, 3), 20 + relu(token, 5)]);
  for (const [index, value] of expected.entries()) expect(outputs[index]).toBeCloseTo(value, 5);
});

it("reports every weight that it prepares, and stops when it is aborted", async () => {
  const model = syntheticModel(SMALL, 8);
  const events: number[] = [];
  const session = await openNodeSession(model, { onProgress: ({ phase, loaded, total }) => events.push(phase === "prepare" ? loaded / total : Number.NaN) });
  await session.dispose();
  expect(events.at(-1)).toBe(1);
  expect(events).toEqual(events.toSorted((a, b) => a - b));
  const controller = new AbortController();
  const opening = openNodeSession(model, { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) });
  await expect(opening).rejects.toThrow("enough");
});

it.each(["native", "wasm"] as const)("gives zeros for values that are all zero, in int8 as in float32 (%s)", async (engine) => {
  const model = syntheticModel({ ...SMALL, layers: 1 }, 8);
  const read = model.tensors.read;
  // The embedding LayerNorm gives 0 for every token, so the values and what attention gives are 0 as well, but for their bias.
  const zeros = new Set(["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias", "encoder.layer.0.attention.self.value.bias"]);
  const zeroed: LoadedModel = {
    ...model,
    tensors: {
      ...model.tensors,
      read: async (name) => {
        const tensor = await read(name);
        return zeros.has(name) ? { ...tensor, bytes: new Uint8Array(tensor.bytes.length) } : tensor;
      },
    },
  };
  const batch = { rows: model.embed([0, 7, 8, 2]), lengths: [4], outputs: ALL };
  const [exact, rounded] = await Promise.all(
    (["fp32", "default"] as const).map(async (precision) => {
      const session = await openNodeSession(zeroed, { precision, engine });
      const result = await session.run(batch);
      await session.dispose();
      return result.colbert!;
    }),
  );
  for (const [index, value] of exact!.entries()) expect(rounded![index]).toBeCloseTo(value, 1);
});
