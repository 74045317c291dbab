/** What goes wrong around a model: files, workers, aborted loads. Every failure crosses the worker boundary with its class and its code. */
import { describe, expect, it } from "vitest";
import { BackendError, CorruptShardError, InvalidManifestError, M3, MissingShardError, type ProgressEvent, UnknownModelError } from "../../../src/index.ts";

// In memory: a shard that another test has stored would hide the fault of this one.
const options = { baseUrl: "/", device: "wasm", threads: 1, storage: "memory" } as const;
const load = (fault: string) => M3.load(`/faulty-models/${fault}/`, options);

const newWorker = () => new Worker(new URL("../../../src/worker/entry.ts", import.meta.url), { type: "module" });

describe("a load that fails", () => {
  it("for an unknown name names the known ones", async () => {
    const error = await M3.load("bge-m4", options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnknownModelError);
    expect(error).toMatchObject({ code: "unknown-model", fields: { model: "bge-m4" }, message: expect.stringContaining("m3-mini") });
  });

  it.each([
    ["no-manifest", "missing-shard", MissingShardError],
    ["html-manifest", "missing-shard", MissingShardError],
    ["no-shard", "missing-shard", MissingShardError],
    ["no-pages", "missing-shard", MissingShardError],
    ["short-shard", "corrupt-shard", CorruptShardError],
    ["flipped-bit", "corrupt-shard", CorruptShardError],
  ])("for %s says so", async (fault, code, errorClass) => {
    const error = await load(fault).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ code, fields: { file: expect.stringMatching(/\.(json|safetensors)$/) } });
  });

  it("for a manifest of a later format says which, and to update", async () => {
    const error = await load("newer-format").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InvalidManifestError);
    expect(error.message).toMatch(/version 99.*Update bge-m3-web/);
  });

  it("for a backend that gives other numbers than the model's known answers tells the attempts", async () => {
    const error = await load("wrong-vectors").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(BackendError);
    const failed = (reason: RegExp) => expect.objectContaining({ backend: "wasm", outcome: "failed", reason: expect.stringMatching(reason) });
    expect(error.fields.attempts).toEqual([
      failed(/^self-test: cosine/),
      failed(/^ONNX Runtime: self-test: cosine/),
      failed(/^ONNX Runtime in fp32: self-test: cosine/),
    ]);
  });

  it("for a worker's script that is not there is a WorkerLostError", async () => {
    const worker = () => new Worker("/no-such-worker.js", { type: "module" });
    await expect(M3.load("m3-mini", { ...options, worker })).rejects.toMatchObject({ code: "worker-lost" });
  });

  it("because it was aborted rejects with the signal's reason, before and while files come", async () => {
    const reason = new Error("changed my mind");
    await expect(M3.load("m3-mini", { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const onProgress = ({ phase }: ProgressEvent) => phase === "download" && controller.abort(reason);
    await expect(M3.load("/faulty-models/stuck/", { ...options, signal: controller.signal, onProgress })).rejects.toBe(reason);
  });
});

describe("a worker that dies", () => {
  it("is replaced, and the calls that it had are made again", async () => {
    const workers: Worker[] = [];
    const worker = () => {
      workers.push(newWorker());
      return workers.at(-1)!;
    };
    const m3 = await M3.load("m3-mini", { ...options, worker });
    const before = await m3.encodeQueries("the same");
    const pending = m3.encodeQueries("the same");
    workers[0]!.dispatchEvent(new ErrorEvent("error", { message: "Uncaught RuntimeError: unreachable" }));
    expect((await pending).denseVecs).toEqual(before.denseVecs);
    expect(workers).toHaveLength(2);
    await m3.dispose();
  });
});
