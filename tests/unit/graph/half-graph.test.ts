/**
 * The graph of 16-bit activations, run on the CPU provider, which computes such operators with float32 inside and rounds what passes between them: the nearest to a GPU with
 * `shader-f16` that runs here. Held against the same model in float32.
 */
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { buildEncoderGraph } from "#graph/encoder-graph.ts";
import type { WebGpuTarget } from "#graph/target.ts";
import { syntheticElements } from "../../../tools/models/synthetic.ts";
import { ALL, cosine } from "./support/goldens.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

type RowsOf = (ids: Int32Array) => Promise<Float32Array> | Float32Array;

async function run(model: Pick<LoadedModel, "manifest" | "tensors">, half: WebGpuTarget["half"], ids: readonly Int32Array[], rowsOf: RowsOf) {
  const masked = ids.some(({ length }) => length !== ids[0]!.length);
  const { proto, weights } = buildEncoderGraph(model.manifest, { kernels: "webgpu", precision: "default", masked, half, outputs: ALL });
  const feeds: Record<string, ort.Tensor> = {};
  for (const { tensors, sources, pack } of weights) {
    const packed = pack(await Promise.all(sources.map((name) => model.tensors.read(name))));
    for (const [index, { name, type, dims }] of tensors.entries()) {
      const bytes = packed[index]!.slice();
      const data = type === "float32" ? new Float32Array(bytes.buffer) : type === "float16" ? new Uint16Array(bytes.buffer) : bytes;
      feeds[name] = new ort.Tensor(type as "float32", data as Float32Array, [...dims]);
    }
  }
  const width = Math.max(...ids.map(({ length }) => length));
  const hidden = model.manifest.architecture.hiddenSize;
  const rows = new Float32Array(ids.length * width * hidden);
  for (const [text, one] of ids.entries()) rows.set(await rowsOf(one), text * width * hidden);
  feeds.rows = new ort.Tensor("float32", rows, [ids.length, width, hidden]);
  if (masked) {
    const perToken = (real: (length: number) => number, padding: number) =>
      Float32Array.from({ length: ids.length * width }, (_, at) =>
        at % width < ids[Math.floor(at / width)]!.length ? real(ids[Math.floor(at / width)]!.length) : padding,
      );
    feeds.key_bias = new ort.Tensor(
      "float32",
      perToken(() => 0, -1e4),
      [ids.length, 1, 1, width],
    );
    feeds.query_zeros = new ort.Tensor("float32", new Float32Array(width), [1, 1, width, 1]);
    if (model.manifest.heads.dense.pooling === "mean")
      feeds.pooling = new ort.Tensor(
        "float32",
        perToken((length) => 1 / length, 0),
        [ids.length, 1, width],
      );
  }
  const session = await ort.InferenceSession.create(proto, { graphOptimizationLevel: "basic" });
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data, type }]) => [name, { type, data: data as Float32Array }]));
}

/** The synthetic models have no words: any rows do. */
const someRows: RowsOf = (ids) => syntheticElements({ name: `rows ${ids.join()}`, shape: [ids.length, SIZE.hidden] }, 0, ids.length * SIZE.hidden);

async function compare(model: Pick<LoadedModel, "manifest" | "tensors">, half: WebGpuTarget["half"], ids: readonly Int32Array[]) {
  const [found, exact] = [await run(model, half, ids, someRows), await run(model, undefined, ids, someRows)];
  const hidden = model.manifest.architecture.hiddenSize;
  const dim = model.manifest.heads.colbert!.dim;
  const width = Math.max(...ids.map(({ length }) => length));
  const cosines = { dense: 1, colbert: 1 };
  let lexical = 0;
  for (const [text, { length }] of ids.entries()) {
    const row = (name: string, at: number, size: number) => [found[name]!.data.subarray(at, at + size), exact[name]!.data.subarray(at, at + size)] as const;
    cosines.dense = Math.min(cosines.dense, cosine(...row("pooled", text * hidden, hidden)));
    for (let token = 0; token < length; token++) {
      const at = text * width + token;
      cosines.colbert = Math.min(cosines.colbert, cosine(...row("colbert", at * dim, dim)));
      lexical = Math.max(lexical, Math.abs(found.lexical!.data[at]! - exact.lexical!.data[at]!));
    }
  }
  return { ...cosines, lexical, types: Object.values(found).map(({ type }) => type) };
}

const SIZE = { layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 100, colbertDim: 32, maxPositions: 66 };
const TEXTS = [Int32Array.of(0, 17, 42, 55, 6, 99, 2), Int32Array.of(0, 5, 8, 2)];

describe.each([
  ["4-bit blocks", 4],
  ["8-bit rows", 8],
  ["floats", 32],
] as const)("a model of %s", (_, bits) => {
  it("gives nearly the numbers of float32, whatever the texts' lengths, and gives float32", async () => {
    const model = syntheticModel(SIZE, bits === 32 ? undefined : bits);
    for (const texts of [TEXTS, [TEXTS[0]!]]) {
      const { types, dense, colbert, lexical } = await compare(model, "compute", texts);
      expect(new Set(types)).toEqual(new Set(["float32"]));
      expect(dense).toBeGreaterThan(0.9999);
      expect(colbert).toBeGreaterThan(0.9999);
      expect(lexical).toBeLessThan(0.01);
      // Not the same graph.
      expect(dense).toBeLessThan(1 - 1e-12);
    }
  });

  it("of the same weights in float32 is nearer still", async () => {
    const { dense, colbert, lexical } = await compare(syntheticModel(SIZE, bits === 32 ? undefined : bits), "exact", TEXTS);
    expect(dense).toBeGreaterThan(0.999999);
    expect(colbert).toBeGreaterThan(0.99999);
    expect(lexical).toBeLessThan(0.002);
  });
});

it("m3-mini's known answers come out of 16-bit activations", async () => {
  const model = await openFileModel("public/models/m3-mini");
  const { answers } = model.manifest.selfTest!;
  const texts = answers.map(({ ids }) => Int32Array.from(ids));
  const table = new EmbeddingTable(model.manifest, model.tensors);
  const found = await run(model, "compute", texts, (ids) => table.gather([ids]));
  const hidden = model.manifest.architecture.hiddenSize;
  for (const [text, { dense }] of answers.entries()) {
    expect(cosine(found.pooled!.data.subarray(text * hidden, (text + 1) * hidden), Float32Array.from(dense))).toBeGreaterThan(0.9995);
  }
});
