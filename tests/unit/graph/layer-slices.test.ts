/** Graphs of some layers each, against the graph of all, and against the reference at BGE-M3's width. */
import { describe, expect, it } from "vitest";
import { openNodeSession } from "#cli/node-session.ts";
import { layerSlices } from "#graph/layer-slices.ts";
import goldensWide from "../../oracle/goldens-wide.json";
import { ALL, type Golden, largestDifference, normalised, runGolden } from "./support/goldens.ts";
import { syntheticModel } from "./support/synthetic-model.ts";

const SMALL = { layers: 3, hidden: 64, heads: 4, ffn: 128, vocab: 1000, colbertDim: 32, maxPositions: 1100 };
const { architecture } = syntheticModel(SMALL).manifest;

it("cuts models of long texts and large ones into single layers, and leaves others whole", () => {
  expect(layerSlices({ architecture, maxTokens: 512 })).toEqual([{ first: 0, end: 3 }]);
  expect(layerSlices({ architecture, maxTokens: 8192 })).toEqual([
    { first: 0, end: 1 },
    { first: 1, end: 2 },
    { first: 2, end: 3 },
  ]);
  const wide = { ...architecture, hiddenSize: 1024, intermediateSize: 4096, numHiddenLayers: 24 };
  expect(layerSlices({ architecture: wide, maxTokens: 512 })).toHaveLength(24);
  expect(layerSlices({ architecture, maxTokens: 512 }, 2)).toEqual([
    { first: 0, end: 2 },
    { first: 2, end: 3 },
  ]);
});

describe("a model in slices", () => {
  const model = syntheticModel(SMALL, 8);
  const batch = { rows: model.embed([0, 7, 8, 9, 2, 0, 11, 12, 13, 2]), lengths: [5, 5], outputs: ALL };

  it.each(["native", "wasm"] as const)("gives the numbers of the whole (%s), whether its weights stay or not", async (engine) => {
    const whole = await openNodeSession(model, { engine: "native" });
    const expected = await whole.run(batch);
    await whole.dispose();
    for (const lowMemory of [false, true]) {
      const session = await openNodeSession(model, { engine, lowMemory });
      const found = await session.run(batch);
      for (const head of ["pooled", "lexical", "colbert"] as const) {
        for (const [index, value] of expected[head]!.entries()) expect(found[head]![index]).toBeCloseTo(value, 4);
      }
      await session.dispose();
    }
  });

  it("reports every weight that it prepares, tells how far a text is, and stops in the middle of one", async () => {
    const prepared: number[] = [];
    const session = await openNodeSession(model, { engine: "wasm", onProgress: ({ loaded, total }) => prepared.push(loaded / total) });
    expect(prepared).toEqual(prepared.toSorted((a, b) => a - b));
    expect(prepared.at(-1)).toBe(1);
    const done: number[] = [];
    await session.run({ ...batch, lengths: [4, 6] }, { onProgress: (share) => done.push(Number(share.toFixed(4))) });
    expect(done).toEqual([0.1333, 0.2667, 0.6, 0.8]);
    const controller = new AbortController();
    const running = session.run(batch, { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) });
    await expect(running).rejects.toThrow("enough");
    await session.dispose();
  });
});

describe("two layers of 1,024, with a text of 1,300 tokens", () => {
  const { layers, hidden, heads, ffn, vocab } = goldensWide.config;
  const model = syntheticModel({ layers, hidden, heads, ffn, vocab, colbertDim: 1024, maxPositions: 8194 });

  it.each(["native", "wasm"] as const)("give the reference's numbers in float32 (%s)", async (engine) => {
    const session = await openNodeSession(model, { engine });
    for (const golden of goldensWide.texts as unknown as readonly (Golden & { colbert_last: number[] })[]) {
      const rows = model.embed(golden.ids);
      // One run a text: the reference's last ColBERT vector is compared where the first ones are not.
      if (golden.ids.length < 1000) {
        expect(largestDifference(await runGolden(session, model.manifest, golden, rows), golden)).toBeLessThan(5e-5);
        continue;
      }
      const { colbert, pooled } = await session.run({ rows, lengths: [golden.ids.length], outputs: ALL });
      const [last, dense] = [normalised(colbert!.subarray(-hidden)), normalised(pooled!)];
      expect(Math.max(...golden.colbert_last.map((value, index) => Math.abs(value - last[index]!)))).toBeLessThan(5e-5);
      expect(Math.max(...golden.dense.map((value, index) => Math.abs(value - dense[index]!)))).toBeLessThan(5e-5);
    }
    await session.dispose();
  });
});
