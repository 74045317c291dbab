/** Sessions of the browser's backends against the golden files and against each other. They run in the page: what is in a worker else is the client's test. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EncoderSession } from "#core/session.ts";
import { type OpenOptions, openSession } from "#runtime/open-session.ts";
import { forward } from "#training/head.ts";
import { readHeads } from "#training/model-heads.ts";
import { chooseDevice } from "#worker/choose-device.ts";
import { deviceCandidates } from "#worker/device-candidates.ts";
import goldensTiny from "../../oracle/goldens-tiny.json";
import { ALL, type Golden, largestDifference, runGolden } from "../../unit/graph/support/goldens.ts";
import { syntheticModel } from "../../unit/graph/support/synthetic-model.ts";

const TINY = { layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 250002, colbertDim: 64, maxPositions: 8194 };
const goldens = goldensTiny.texts as unknown as readonly Golden[];
const tiny = syntheticModel(TINY);

/** Rows of some texts, one after another. */
function batchOf(texts: readonly (readonly number[])[]) {
  const parts = texts.map((ids) => tiny.embed(ids));
  const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    rows.set(part, at);
    at += part.length;
  }
  return { rows, lengths: texts.map((ids) => ids.length), outputs: ALL };
}

function largestGap(first: ArrayLike<number>, second: ArrayLike<number>): number {
  expect(first.length).toBe(second.length);
  let largest = 0;
  for (let index = 0; index < first.length; index++) largest = Math.max(largest, Math.abs(first[index]! - second[index]!));
  return largest;
}

const backends: readonly (Pick<OpenOptions, "backend" | "threads"> & { readonly texts: number })[] = [
  { backend: "wasm", threads: 2, texts: goldens.length },
  { backend: "webgpu", texts: goldens.length },
];

describe.each(backends)("$backend", ({ texts, ...options }) => {
  let session: EncoderSession;
  beforeAll(async () => {
    session = await openSession(tiny, options);
  });
  afterAll(() => session?.dispose());

  it("tells what it runs on", () => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    expect(session.info).toMatchObject({ backend: options.backend, precision: "fp32", threads: options.backend === "wasm" ? 2 : 1 });
    expect(session.info.engine).toMatch(/^onnxruntime-web 1\.30\.0 \((wasm|jspi|webgpu)\)/);
  });

  it.each(goldens.slice(0, texts).map((golden, index) => ({ golden, index, tokens: golden.ids.length })))(
    "gives every number of golden text $index ($tokens tokens) to 1e-4",
    async ({ golden }) => {
      expect(largestDifference(await runGolden(session, tiny.manifest, golden, tiny.embed(golden.ids)), golden)).toBeLessThan(1e-4);
    },
  );

  it("gives hidden states, of which the other outputs are made", async () => {
    const texts = [goldens[0]!, goldens[1]!].map(({ ids }) => ids);
    const { pooled, colbert, hidden } = await session.run({ ...batchOf(texts), outputs: { ...ALL, hidden: true } });
    expect(pooled!.subarray(64)).toEqual(hidden!.subarray(texts[0]!.length * 64, (texts[0]!.length + 1) * 64));
    const heads = await readHeads(tiny.manifest, tiny.tensors);
    expect(largestGap(forward(heads.colbert!, hidden!, hidden!.length / 64).output, colbert!)).toBeLessThan(1e-4);
    const alone = await session.run({ ...batchOf(texts), outputs: { dense: false, lexical: false, colbert: false, hidden: true } });
    expect(alone).toMatchObject({ pooled: null, lexical: null, colbert: null });
    expect(largestGap(alone.hidden!, hidden!)).toBeLessThan(1e-6);
    expect((await session.run(batchOf(texts))).hidden).toBeNull();
  });

  it("gives a text the same numbers among texts of other lengths", async () => {
    const texts = [goldens[1]!, goldens[0]!, goldens[2]!, goldens[1]!].map(({ ids }) => ids);
    const together = await session.run(batchOf(texts));
    let token = 0;
    for (const [index, ids] of texts.entries()) {
      const alone = await session.run(batchOf([ids]));
      expect(largestGap(together.pooled!.subarray(index * 64, (index + 1) * 64), alone.pooled!)).toBeLessThan(1e-5);
      expect(largestGap(together.lexical!.subarray(token, token + ids.length), alone.lexical!)).toBeLessThan(1e-5);
      expect(largestGap(together.colbert!.subarray(token * 64, (token + ids.length) * 64), alone.colbert!)).toBeLessThan(1e-5);
      token += ids.length;
    }
  });

  it("gives the outputs that are asked for, and no others", async () => {
    const batch = batchOf([goldens[0]!.ids]);
    const all = await session.run(batch);
    const lexical = await session.run({ ...batch, outputs: { dense: false, lexical: true, colbert: false } });
    expect(lexical).toMatchObject({ pooled: null, colbert: null, computedTokens: goldens[0]!.ids.length });
    expect(largestGap(lexical.lexical!, all.lexical!)).toBeLessThan(1e-6);
  });

  it("queues runs that overlap", async () => {
    const batch = batchOf([goldens[0]!.ids]);
    const results = await Promise.all([session.run(batch), session.run(batch), session.run(batch)]);
    for (const { pooled } of results) expect(largestGap(pooled!, results[0]!.pooled!)).toBe(0);
  });

  it("does not start a run that was aborted", async () => {
    const reason = new Error("not now");
    await expect(session.run(batchOf([goldens[0]!.ids]), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("16-bit activations", () => {
  it("are not computed by this software GPU, which has no shader-f16: the story tells, and the default goes on", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    expect(adapter!.features.has("shader-f16")).toBe(false);
    const candidates = await deviceCandidates(tiny, { device: "webgpu", threads: 1, precision: "fp16" });
    expect(candidates[0]).toMatchObject({ backend: "webgpu", variant: "fp16", unavailable: expect.stringMatching(/has no shader-f16$/) });
    const passed = { passed: true, worstCosine: null, detail: "finite numbers", tokensPerSecond: null };
    const { session, story } = await chooseDevice(candidates, async () => passed);
    await session.dispose();
    expect(story).toMatchObject({ backend: "webgpu", precision: "fp32", why: expect.stringMatching(/^fp16 is not to be had \(.* has no shader-f16\)/) });
    await expect(candidates[0]!.open(undefined)).rejects.toMatchObject({ code: "backend-failed", message: expect.stringContaining("has no shader-f16") });
  });

  it("are for WebGPU only", async () => {
    const [first] = await deviceCandidates(tiny, { device: "wasm", threads: 1, precision: "fp16" });
    expect(first).toMatchObject({ variant: "fp16", unavailable: "it is computed on WebGPU only, and WebAssembly was asked for" });
    await expect(openSession(tiny, { backend: "wasm", precision: "fp16" })).rejects.toMatchObject({ code: "unsupported-model" });
  });
});
