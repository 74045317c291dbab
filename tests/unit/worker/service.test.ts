/** The worker's wiring in Node: the real m3-mini and its tokenizer, with a session that makes numbers up. */
import path from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import type { Candidate } from "#worker/choose-device.ts";
import type { Call, LoadRequest } from "#worker/protocol.ts";
import { type ServiceParts, WorkerService } from "#worker/service.ts";

const request: LoadRequest = { model: "m3-mini", baseUrl: "https://site.example/", device: "auto", threads: 1, storage: "auto" };

let model: LoadedModel;
beforeAll(async () => {
  const opened = await openFileModel(path.resolve("public/models/m3-mini"));
  // Made-up numbers pass no self-test but one without answers.
  model = { ...opened, manifest: { ...opened.manifest, selfTest: null } };
});

/** A session whose runs end when the test says so, if it says anything. */
function fakeSession(beforeRun: (batch: number) => Promise<void> | void = () => {}): EncoderSession {
  let batches = 0;
  return {
    info: { backend: "wasm", engine: "fake", precision: "fp32", threads: 1, batch: { tokenBudget: 16, maxTexts: 1, maxPadding: 0 } },
    async run({ lengths }) {
      await beforeRun(batches++);
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      const ones = (count: number) => new Float32Array(count).fill(1);
      return { pooled: ones(lengths.length * 384), lexical: ones(tokens), colbert: ones(tokens * 384), computedTokens: tokens };
    },
    async dispose() {},
  };
}

async function service(session: EncoderSession = fakeSession()) {
  const candidate: Candidate = { backend: "wasm", variant: "", unavailable: null, open: async () => session };
  const parts: ServiceParts = { loadModel: vi.fn(async () => model), deviceCandidates: vi.fn(async () => [candidate]), openModelStorage: vi.fn() };
  const heard: [number, ProgressEvent][] = [];
  const worker = new WorkerService(parts);
  worker.connect(async (call, event) => {
    await null;
    heard.push([call, event]);
  });
  return { worker, heard, parts };
}

const call = (id: number, changes: Partial<Call> = {}): Call => ({ id, urgency: "corpus", progress: false, ...changes });

async function loaded(session?: EncoderSession) {
  const started = await service(session);
  await started.worker.load(call(0), request);
  return started;
}

describe("WorkerService", () => {
  it("loads what was asked for and tells what it is", async () => {
    const { worker, parts } = await service();
    const { info, device } = await worker.load(call(0), request);
    expect(info).toMatchObject({ name: "m3-mini", dims: { dense: 384, colbert: 384 } });
    expect(device).toMatchObject({ backend: "wasm", engine: "fake" });
    expect(parts.loadModel).toHaveBeenCalledWith("m3-mini", expect.objectContaining({ baseUrl: request.baseUrl }));
    expect(parts.deviceCandidates).toHaveBeenCalledWith(model, expect.objectContaining({ device: "auto", threads: 1 }));
  });

  it("hands on which precision is asked for, and loads an entry of the catalogue otherwise than a manifest", async () => {
    const { worker, parts } = await service();
    await worker.load(call(0), { ...request, prefetch: "none", precision: "fp16" });
    expect(parts.deviceCandidates).toHaveBeenLastCalledWith(model, expect.objectContaining({ precision: "fp16" }));
    const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(null, { status: 404 }));
    try {
      await expect(worker.load(call(1), { ...request, model: "gpahal/bge-m3-onnx-int8" })).rejects.toMatchObject({
        code: "missing-shard",
        message: expect.stringContaining("models/gpahal/bge-m3-onnx-int8/"),
      });
      expect(fetch.mock.calls.map(([url]) => url)).toEqual([`${request.baseUrl}models/gpahal/bge-m3-onnx-int8/model_quantized.onnx`]);
    } finally {
      fetch.mockRestore();
    }
    expect(parts.loadModel).toHaveBeenCalledOnce();
  });

  it("hands storage on, unless the model is to be kept in memory", async () => {
    const { worker, parts } = await service();
    await worker.load(call(0), request);
    expect(parts.loadModel).toHaveBeenLastCalledWith("m3-mini", expect.objectContaining({ openStorage: parts.openModelStorage }));
    await worker.load(call(1), { ...request, storage: "memory" });
    expect(parts.loadModel).toHaveBeenLastCalledWith("m3-mini", expect.objectContaining({ openStorage: undefined }));
  });

  it("reads all pages of the embedding table before it has loaded, where that is asked for", async () => {
    const { worker, parts } = await service();
    const read = vi.spyOn(model.tensors, "read");
    try {
      const pages = () => new Set(read.mock.calls.map(([name]) => /^page (\d+) /.exec(name)?.[1]).filter(Boolean)).size;
      await worker.load(call(0), { ...request, prefetch: "none" });
      expect(pages()).toBeLessThan(5);
      await worker.load(call(1), { ...request, prefetch: "all" });
      expect(pages()).toBe(model.manifest.wordEmbeddings.shards.length);
      expect(parts.loadModel).toHaveBeenCalledTimes(2);
    } finally {
      read.mockRestore();
    }
  });

  it("encodes with the model's own tokenizer and prompts", async () => {
    const { worker } = await loaded();
    const packed = await worker.encode(call(1), ["Hello", "Hello world"], "query", { returnSparse: true });
    expect([...packed.tokenCounts]).toEqual([6, 7]);
    expect(packed.dense).toMatchObject({ dim: 384 });
    expect([...packed.lexical!.starts]).toEqual([0, 1, 3]);
    expect(packed.colbert).toBeNull();
    expect(await worker.countTokens(call(2), ["Hello world"], "passage")).toEqual([6]);
    expect(await worker.idsToTokens(call(3), Int32Array.of(35378, 8999))).toEqual(["Hello", "world"]);
  });

  it("has told all progress of a call when the call ends, and none of a call that nobody listens to", async () => {
    const { worker, heard } = await loaded();
    await worker.encode(call(1, { progress: true }), ["a", "b b", "c c c"], "passage", {});
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every(([id]) => id === 1)).toBe(true);
    const { loaded: done, total } = heard.at(-1)![1];
    expect(done).toBe(total);
    const before = heard.length;
    await worker.encode(call(2), ["a"], "passage", {});
    expect(heard.length).toBe(before);
  });

  it("stops a cancelled call at its next batch, and no other", async () => {
    let batches = 0;
    const { worker } = await loaded(
      fakeSession((batch) => {
        batches = batch;
        if (batch === 2) worker.cancel(1);
      }),
    );
    const texts = Array.from({ length: 10 }, (_, index) => `text number ${index}`);
    const cancelled = worker.encode(call(1), texts, "passage", {});
    const other = worker.encode(call(2), ["other"], "passage", {});
    await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
    expect((await other).tokenCounts).toHaveLength(1);
    expect(batches).toBeLessThan(6);
    worker.cancel(1);
    worker.cancel(99);
  });

  it("serves a query before the rest of a list", async () => {
    const order: string[] = [];
    let listStarted = () => {};
    const started = new Promise<void>((resolve) => {
      listStarted = resolve;
    });
    let hold: Promise<void> | undefined;
    const { worker } = await loaded(
      fakeSession(() => {
        listStarted();
        return hold;
      }),
    );
    const ask = (id: number) => worker.encode(call(id, { urgency: "query" }), ["q"], "query", {});
    // The first time reads pages from disk; after it, a question needs nothing but turns of the event loop to be in the queue.
    await ask(1);
    let letGo = () => {};
    hold = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const list = worker.encode(call(2), ["a", "b b", "c c c", "d d d d"], "passage", {}).then(() => order.push("list"));
    await started;
    const query = ask(3).then(() => order.push("query"));
    for (let turn = 0; turn < 100; turn++) await nextMessageTurn();
    letGo();
    await Promise.all([list, query]);
    expect(order).toEqual(["query", "list"]);
  });

  it("names every token, special ones too", async () => {
    const { worker } = await loaded();
    expect(await worker.idsToTokens(call(1), Int32Array.of(33600, 250001))).toEqual([expect.stringMatching(/^[^<]+$/), "<mask>"]);
  });

  it("passes on what goes wrong", async () => {
    const { worker } = await loaded();
    await expect(worker.encode(call(1), ["a"], "passage", { maxLength: 1 })).rejects.toMatchObject({ code: "invalid-input" });
    await expect(worker.idsToTokens(call(2), Int32Array.of(1e9))).rejects.toMatchObject({ code: "invalid-input" });
  });
});
