/** The front door against a fake worker: what is checked, what is sent, how results are wrapped. */
import { describe, expect, it, vi } from "vitest";
import { M3 } from "#client/m3.ts";
import type { LoadOptions } from "#client/options.ts";
import { loaded, never, type Script, workers } from "./fake-worker.ts";

const BASE = "https://site.example/app/";

async function m3(script: Partial<Script> = {}, options: LoadOptions = {}) {
  const { started, spawn } = workers(script);
  return { started, m3: await M3.load("fake", { worker: spawn, baseUrl: BASE, ...options }) };
}

/** Arguments that TypeScript would refuse. */
const wrong = (value: unknown) => value as never;

const invalid = (path: string) => expect.objectContaining({ code: "invalid-input", fields: expect.objectContaining({ path }) });

describe("M3.load", () => {
  it("asks for the model with absolute URLs and the device", async () => {
    const load = vi.fn(async () => loaded);
    const { m3: model } = await m3({ load }, { device: "wasm", threads: 2, precision: "fp16", baseUrl: new URL("sub/", BASE) });
    expect(load).toHaveBeenCalledWith(expect.anything(), {
      model: "fake",
      baseUrl: `${BASE}sub/`,
      device: "wasm",
      threads: 2,
      precision: "fp16",
      storage: "auto",
      prefetch: "hot",
      heads: "shipped",
    });
    expect(model.info).toEqual(loaded.info);
    expect(model.device).toEqual(loaded.device);
    await model.dispose();
  });

  it("asks the browser to keep what is stored only when it is told to", async () => {
    const persist = vi.fn(async () => true);
    vi.stubGlobal("navigator", { storage: { persist } });
    try {
      const { m3: first } = await m3({}, { storage: "memory" });
      expect(persist).not.toHaveBeenCalled();
      const { m3: second } = await m3({}, { persist: true });
      expect(persist).toHaveBeenCalledOnce();
      await Promise.all([first.dispose(), second.dispose()]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it.each<[string, unknown]>([
    ["options.device", { device: "gpu" }],
    ["options.threads", { threads: 0 }],
    ["options.threads", { threads: 1.5 }],
    ["options.precision", { precision: "fp8" }],
    ["options.storage", { storage: "disk" }],
    ["options.revision", { revision: "latest" }],
    ["options.persist", { persist: "yes" }],
    ["options.baseUrl", { baseUrl: 3 }],
    ["options.baseUrl", { baseUrl: undefined }],
    ["options.assetsUrl", { assetsUrl: "relative/without/a/page" }],
    ["options.worker", { worker: {} }],
    ["options.signal", { signal: {} }],
    ["options.onProgress", { onProgress: "yes" }],
    ["options.abortGraceMs", { abortGraceMs: -1 }],
    ["options.onprogress", { onprogress: () => {} }],
    ["options", null],
    ["options", "wasm"],
  ])("refuses a wrong %s without starting a worker", async (path, options) => {
    const { started, spawn } = workers({});
    const given = typeof options === "object" && options !== null ? { worker: spawn, baseUrl: BASE, ...options } : options;
    await expect(M3.load("fake", wrong(given))).rejects.toEqual(invalid(path));
    expect(started).toHaveLength(0);
  });

  it("refuses a model that is no string", async () => {
    await expect(M3.load(wrong(7))).rejects.toEqual(invalid("model"));
  });
});

describe("encode, encodeQueries, encodeCorpus", () => {
  const record = () => {
    const calls: { texts: readonly string[]; urgency: string }[] = [];
    const encode: Script["encode"] = async (_, { urgency }, texts) => {
      calls.push({ texts, urgency });
      return calls.length;
    };
    return { calls, encode };
  };

  it("unwrap a single text, and give lists for a list", async () => {
    const { m3: model } = await m3();
    const one = await model.encode("four");
    expect(one).toEqual({ denseVecs: Float32Array.of(4, 0), lexicalWeights: null, colbertVecs: null, truncated: false, tokenCounts: 4 });
    const list = await model.encode(["a", "bb"]);
    expect(list.denseVecs).toEqual([Float32Array.of(1, 0), Float32Array.of(2, 0)]);
    expect(list.tokenCounts).toEqual([1, 2]);
    expect(await model.encode(["only"])).toMatchObject({ truncated: [false] });
    expect(await model.encode([])).toEqual({ denseVecs: [], lexicalWeights: null, colbertVecs: null, truncated: [], tokenCounts: [] });
    await model.dispose();
  });

  it("let queries go ahead of lists", async () => {
    const { calls, encode } = record();
    const { m3: model } = await m3({ encode });
    await Promise.all([model.encode("a"), model.encodeCorpus(["b"]), model.encodeQueries("c")]);
    expect(calls.map(({ urgency }) => urgency)).toEqual(["corpus", "corpus", "query"]);
    await model.dispose();
  });

  it("send lone surrogates, NUL and long texts as they are", async () => {
    const { calls, encode } = record();
    const { m3: model } = await m3({ encode });
    const texts = ["\ud800", "a\0b", "x".repeat(1e6)];
    await model.encode(texts);
    expect(calls[0]?.texts).toEqual(texts);
    await model.dispose();
  });

  it.each<[string, unknown, unknown]>([
    ["texts", undefined, {}],
    ["texts", 7, {}],
    ["texts", { length: 1, 0: "a" }, {}],
    ["texts[1]", ["a", null], {}],
    ["texts[0]", [["a"]], {}],
    ["options.maxLength", "a", { maxLength: 0 }],
    ["options.maxLength", "a", { maxLength: 2.5 }],
    ["options.maxLength", "a", { maxLength: "512" }],
    ["options.returnDense", "a", { returnDense: 1 }],
    ["options.truncateDim", "a", { truncateDim: 0 }],
    ["options.max_length", "a", { max_length: 12 }],
    ["options", "a", 512],
  ])("refuse a wrong %s at the door", async (path, texts, options) => {
    const { started, m3: model } = await m3();
    for (const method of ["encode", "encodeQueries", "encodeCorpus"] as const) {
      await expect(model[method](wrong(texts), wrong(options))).rejects.toEqual(invalid(path));
    }
    expect(started[0]?.encoded).toEqual([]);
    await model.dispose();
  });
});

describe("the other calls", () => {
  it("computeScore gives numbers for a pair, lists for a list", async () => {
    const { m3: model } = await m3();
    expect(await model.computeScore(["abc", "d"])).toEqual({ colbert: 3, sparse: 3, dense: 3, "sparse+dense": 3, "colbert+sparse+dense": 3 });
    const scores = await model.computeScore([
      ["a", "b"],
      ["cc", "d"],
    ]);
    expect(scores.dense).toEqual([1, 2]);
    expect((await model.computeScore([])).dense).toEqual([]);
    await model.dispose();
  });

  it.each<[string, unknown, unknown]>([
    ["pairs", "text", {}],
    ["pairs[0]", [["a", "b", "c"]], {}],
    [
      "pairs[1]",
      [
        ["a", "b"],
        ["a", 1],
      ],
      {},
    ],
    ["options.weightsForDifferentModes", ["a", "b"], { weightsForDifferentModes: [1, 1] }],
    ["options.weightsForDifferentModes", ["a", "b"], { weightsForDifferentModes: [0, 0, 0] }],
    ["options.weightsForDifferentModes", ["a", "b"], { weightsForDifferentModes: [1, -1, 1] }],
    ["options.weightsForDifferentModes", ["a", "b"], { weightsForDifferentModes: [1, Number.NaN, 1] }],
    ["options.maxQueryLength", ["a", "b"], { maxQueryLength: 0 }],
    ["options.maxLength", ["a", "b"], { maxLength: 12 }],
  ])("computeScore refuses a wrong %s", async (path, pairs, options) => {
    const { m3: model } = await m3();
    await expect(model.computeScore(wrong(pairs), wrong(options))).rejects.toEqual(invalid(path));
    await model.dispose();
  });

  it("convertIdToToken gives one for one, and a list for a list", async () => {
    const { m3: model } = await m3();
    expect(await model.convertIdToToken({ "12": 0.5, "3": 0.25 })).toEqual({ "token 3": 0.25, "token 12": 0.5 });
    expect(await model.convertIdToToken([{ "1": 1 }, {}, { "2": 2 }])).toEqual([{ "token 1": 1 }, {}, { "token 2": 2 }]);
    await expect(model.convertIdToToken(wrong("x"))).rejects.toEqual(invalid("weights"));
    await expect(model.convertIdToToken(wrong({ word: 1 }))).rejects.toEqual(invalid("weights"));
    await expect(model.convertIdToToken(wrong([{}, { "1": "x" }]))).rejects.toEqual(invalid('weights[1]["1"]'));
    await model.dispose();
  });

  it("countTokens counts", async () => {
    const { m3: model } = await m3();
    expect(await model.countTokens("four")).toBe(4);
    expect(await model.countTokens(["a", "bb"], { kind: "query" })).toEqual([1, 2]);
    await expect(model.countTokens("a", { kind: wrong("document") })).rejects.toEqual(invalid("options.kind"));
    await model.dispose();
  });

  it("tokens tells what the rows of ColBERT vectors stand for", async () => {
    const { m3: model } = await m3();
    expect(await model.tokens("four")).toMatchObject({ ids: Int32Array.of(4, 7), offsets: Int32Array.of(0, 4, 0, 0) });
    expect((await model.tokens("four", { kind: "query" })).ids[1]).toBe(5);
    await expect(model.tokens(wrong(7))).rejects.toEqual(invalid("text"));
    await expect(model.tokens("a", { kind: wrong("document") })).rejects.toEqual(invalid("options.kind"));
    await expect(model.tokens("a", { maxLength: 0 })).rejects.toEqual(invalid("options.maxLength"));
    await model.dispose();
  });

  it("scores representations without the worker", async () => {
    const { started, m3: model } = await m3();
    await model.dispose();
    expect(model.computeLexicalMatchingScore({ "1": 2, "2": 1 }, { "1": 3 })).toBe(6);
    expect(model.computeLexicalMatchingScore([{ "1": 2 }], [{ "1": 3 }, {}])).toEqual([[6, 0]]);
    const vectors = { data: Float32Array.of(1, 0, 0, 1), tokens: 2, dim: 2 };
    expect(model.colbertScore(vectors, { data: Float32Array.of(1, 0), tokens: 1, dim: 2 })).toBe(0.5);
    expect(started[0]?.terminated).toBe(true);
  });
});

describe("dispose", () => {
  it("ends the worker; pending and later calls reject with a DisposedError", async () => {
    const { started, m3: model } = await m3({ encode: never });
    const pending = model.encode("text");
    await model.dispose();
    await model.dispose();
    await expect(pending).rejects.toMatchObject({ code: "disposed" });
    await expect(model.encodeQueries("text")).rejects.toMatchObject({ code: "disposed" });
    expect(started[0]?.terminated).toBe(true);
  });

  it("is what `await using` calls", async () => {
    const { started, m3: model } = await m3();
    await model[Symbol.asyncDispose]();
    expect(started[0]?.terminated).toBe(true);
  });
});
