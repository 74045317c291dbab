import { describe, expect, it } from "vitest";
import type { Manifest } from "#core/manifest.ts";
import { runSelfTest } from "#encoder/self-test.ts";
import { fakeEncoder } from "./fake-model.ts";

const IDS = [0, 10, 20, 30, 2];

/** A model that knows what it answers, or was told wrong. */
async function modelThatKnows({ wrong = false, minCosine = 0.99 } = {}) {
  const { encoder } = fakeEncoder();
  const { denseVecs } = await encoder.encode(["10 20 30"], "query");
  const dense = Array.from(denseVecs![0]!, (value, index) => (wrong && index === 0 ? -value : value));
  const selfTest: Manifest["selfTest"] = { minCosine, answers: [{ text: "10 20 30", kind: "query", ids: IDS, dense }] };
  return fakeEncoder({ selfTest });
}

describe("runSelfTest", () => {
  it("passes a session that gives the known vectors, and says how fast it is", async () => {
    const { session, embeddings, manifest } = await modelThatKnows();
    const result = await runSelfTest(session, embeddings, manifest);
    expect(result).toMatchObject({ passed: true, detail: "cosine 1.0000 or better" });
    expect(result.worstCosine).toBeCloseTo(1, 6);
    expect(result.tokensPerSecond).toBeGreaterThan(0);
  });

  it("runs all heads, first the known text alone, then a batch of it", async () => {
    const { session, embeddings, manifest } = await modelThatKnows();
    await runSelfTest(session, embeddings, manifest);
    expect(session.batches[0]).toMatchObject({ lengths: [5], outputs: { dense: true, lexical: true, colbert: true } });
    expect(session.batches[1]!.lengths).toEqual(new Array(8).fill(5));
  });

  it("of a model without known answers runs no more tokens than it reads, and none that it does not have", async () => {
    const { session, embeddings, manifest } = fakeEncoder({ selfTest: null, maxTokens: 16 });
    expect(await runSelfTest(session, embeddings, manifest, { measure: false })).toMatchObject({ passed: true, worstCosine: null });
    expect(session.batches.map(({ lengths }) => lengths)).toEqual([[16]]);
  });

  it("runs no trial when none is asked for", async () => {
    const { session, embeddings, manifest } = await modelThatKnows();
    expect(await runSelfTest(session, embeddings, manifest, { measure: false })).toMatchObject({ passed: true, tokensPerSecond: null });
    expect(session.batches).toHaveLength(1);
  });

  it("fails one that gives others", async () => {
    const { session, embeddings, manifest } = await modelThatKnows({ wrong: true });
    const result = await runSelfTest(session, embeddings, manifest);
    expect(result).toMatchObject({ passed: false, tokensPerSecond: null });
    expect(result.worstCosine).toBeLessThan(0.99);
    expect(result.detail).toMatch(/^cosine 0\.\d{4} instead of at least 0\.99$/);
    expect(session.batches).toHaveLength(1);
  });

  it("fails one that gives NaN, zeros or an error, and says so", async () => {
    const { session, embeddings, manifest } = await modelThatKnows();
    session.spoil = (result) => ({ ...result, lexical: result.lexical!.fill(Number.NaN) });
    expect(await runSelfTest(session, embeddings, manifest)).toMatchObject({ passed: false, detail: expect.stringContaining("lexical output") });
    session.spoil = (result) => ({ ...result, pooled: result.pooled!.fill(0) });
    expect(await runSelfTest(session, embeddings, manifest)).toMatchObject({ passed: false, detail: expect.stringContaining("dense output") });
    session.beforeRun = () => {
      throw new Error("the kernel does not compile");
    };
    expect(await runSelfTest(session, embeddings, manifest)).toMatchObject({ passed: false, worstCosine: null, detail: "the kernel does not compile" });
  });

  it("checks at least that numbers are finite where no answers are known", async () => {
    const { session, embeddings, manifest } = fakeEncoder();
    expect(await runSelfTest(session, embeddings, manifest)).toMatchObject({ passed: true, worstCosine: null });
    session.spoil = (result) => ({ ...result, pooled: result.pooled!.fill(Number.NaN) });
    expect(await runSelfTest(session, embeddings, manifest)).toMatchObject({ passed: false });
  });

  it("rejects when it is aborted, or a page cannot be read", async () => {
    const { session, embeddings, manifest } = await modelThatKnows();
    const controller = new AbortController();
    session.beforeRun = () => controller.abort();
    await expect(runSelfTest(session, embeddings, manifest, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    const broken = { gather: () => Promise.reject(new Error("no such shard")) };
    await expect(runSelfTest(session, broken, manifest)).rejects.toThrow("no such shard");
  });
});
