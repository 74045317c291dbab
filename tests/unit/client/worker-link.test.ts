import { describe, expect, it, vi } from "vitest";
import { WorkerLink } from "#client/worker-link.ts";
import { BackendError, OutOfMemoryError, UnknownModelError } from "#core/errors.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { LoadRequest } from "#worker/protocol.ts";
import { loaded, never, type Script, workers } from "./fake-worker.ts";

const request: LoadRequest = { model: "fake", baseUrl: "https://site.example/", device: "auto", threads: undefined, storage: "memory" };
const reason = new Error("stop");
const until = (holds: () => void) => vi.waitFor(holds, { interval: 1 });

/** Longer than any test: a worker that stops by itself has all the time it needs. */
const PATIENT_MS = 600_000;

const open = (...scripts: Partial<Script>[]) => openWith(20, ...scripts);

async function openWith(abortGraceMs: number, ...scripts: Partial<Script>[]) {
  const { started, spawn } = workers(...scripts);
  const link = await WorkerLink.open({ spawn, request, abortGraceMs });
  const encode = (text: string, options: { signal?: AbortSignal; onProgress?: (event: ProgressEvent) => void } = {}) =>
    link.call("corpus", (worker, call) => worker.encode(call, [text], "passage", {}), options).then(({ dense }) => [...(dense?.data ?? [])]);
  return { started, link, encode };
}

describe("WorkerLink.open", () => {
  it("loads the model that was asked for, and hears of its progress", async () => {
    const event: ProgressEvent = { phase: "download", loaded: 1, total: 2, unit: "bytes" };
    const load: Script["load"] = vi.fn(async (worker) => {
      await worker.report?.(0, event);
      return loaded;
    });
    const { started, spawn } = workers({ load });
    const onProgress = vi.fn();
    const opened = await WorkerLink.open({ spawn, request, abortGraceMs: 0, onProgress });
    expect([opened.info, opened.device]).toEqual([loaded.info, loaded.device]);
    expect(load).toHaveBeenCalledWith(started[0], request);
    expect(onProgress.mock.calls).toEqual([[event]]);
    opened.dispose();
  });

  it("passes on why a model does not load, class and fields included, and leaves no worker", async () => {
    const { started, spawn } = workers({ load: () => Promise.reject(new UnknownModelError("x", ["a", "b"])) });
    const error = await WorkerLink.open({ spawn, request, abortGraceMs: 0 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnknownModelError);
    expect(error).toMatchObject({ code: "unknown-model", fields: { model: "x", known: ["a", "b"] } });
    expect(started.map(({ terminated }) => terminated)).toEqual([true]);
  });

  it("tells when the worker's script does not load, once and without trying for ever", async () => {
    const { started, spawn } = workers({ load: never });
    const opening = WorkerLink.open({ spawn, request, abortGraceMs: 0 });
    started[0]?.die(undefined);
    await expect(opening).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining("script could not be loaded") });
    expect(started.map(({ terminated }) => terminated)).toEqual([true]);
  });

  it("rejects with the signal's reason and ends the worker, before and during the load", async () => {
    const { started, spawn } = workers({ load: never });
    await expect(WorkerLink.open({ spawn, request, abortGraceMs: 0, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(started).toHaveLength(0);
    const controller = new AbortController();
    const opening = WorkerLink.open({ spawn, request, abortGraceMs: 0, signal: controller.signal });
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(started.map(({ terminated }) => terminated)).toEqual([true]);
  });
});

describe("WorkerLink.call", () => {
  it("passes on results, errors with their class, and each call's own progress", async () => {
    const { link, encode } = await open({
      async encode(worker, call, [text]) {
        if (text === "bad") throw new BackendError("it broke", { attempts: [] });
        await worker.report?.(call.id, { phase: "encode", loaded: text!.length, total: 9, unit: "texts" });
        return 7;
      },
    });
    const [first, second] = [vi.fn(), vi.fn()];
    const results = await Promise.all([encode("a", { onProgress: first }), encode("bb", { onProgress: second }), encode("bad").catch((error) => error)]);
    expect(results).toEqual([[1, 7], [2, 7], expect.any(BackendError)]);
    expect(first.mock.calls.map(([{ loaded: count }]) => count)).toEqual([1]);
    expect(second.mock.calls.map(([{ loaded: count }]) => count)).toEqual([2]);
    link.dispose();
  });

  it("rejects an aborted call at once and tells the worker, which may go on", async () => {
    const { started, link, encode } = await openWith(PATIENT_MS, {
      async encode(worker, call, [text]) {
        if (text === "slow") await until(() => expect(worker.cancelled).toContain(call.id));
        return 1;
      },
    });
    const controller = new AbortController();
    const slow = encode("slow", { signal: controller.signal });
    await until(() => expect(started[0]?.encoded).toHaveLength(1));
    controller.abort(reason);
    await expect(slow).rejects.toBe(reason);
    expect(await encode("x")).toEqual([1, 1]);
    expect(started[0]?.cancelled).toEqual([1]);
    expect(started).toHaveLength(1);
    await expect(encode("y", { signal: controller.signal })).rejects.toBe(reason);
    expect(started[0]?.encoded).toEqual([["slow"], ["x"]]);
    link.dispose();
  });

  it("replaces a worker that does not stop, and sends the other calls to the next", async () => {
    const { started, link, encode } = await open({ encode: never }, {});
    const controller = new AbortController();
    const hanging = encode("hangs", { signal: controller.signal });
    const other = encode("other");
    const another = encode("another");
    await until(() => expect(started[0]?.encoded).toHaveLength(3));
    controller.abort(reason);
    await expect(hanging).rejects.toBe(reason);
    expect(await Promise.all([other, another])).toEqual([
      [5, 0],
      [7, 0],
    ]);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, false]);
    expect(started[1]?.encoded).toEqual([["other"], ["another"]]);
    link.dispose();
  });

  it("starts a new worker when one dies, and sends its calls again", async () => {
    const { started, link, encode } = await open({ encode: never }, {});
    const call = encode("text");
    await until(() => expect(started[0]?.encoded).toHaveLength(1));
    started[0]?.die("boom");
    expect(await call).toEqual([4, 0]);
    expect(started).toHaveLength(2);
    link.dispose();
  });

  it("rejects a call under which two workers died, and goes on with the next", async () => {
    const die: Partial<Script> = {
      async encode(worker, _, [text]) {
        if (text === "deadly") setTimeout(() => worker.die("boom"));
        return text === "deadly" ? never() : 3;
      },
    };
    const { started, link, encode } = await open(die);
    await expect(encode("deadly")).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining("boom") });
    expect(started).toHaveLength(2);
    expect(await encode("fine")).toEqual([4, 3]);
    expect(started).toHaveLength(3);
    link.dispose();
  });

  it("tells when the model does not load again after a death, and tries anew for a later call", async () => {
    const { started, link, encode } = await open({ encode: never }, { load: () => Promise.reject(new BackendError("no memory")) }, {});
    const call = encode("text");
    await until(() => expect(started[0]?.encoded).toHaveLength(1));
    started[0]?.die("boom");
    await expect(call).rejects.toMatchObject({ code: "backend-failed" });
    expect(await encode("again")).toEqual([5, 0]);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, true, false]);
    link.dispose();
  });

  it("does not replace a worker over a call that is aborted while the model loads again", async () => {
    let finishLoad!: (value: typeof loaded) => void;
    const { started, link, encode } = await open({ encode: never }, { load: () => new Promise((resolve) => (finishLoad = resolve)) });
    const controller = new AbortController();
    const [aborted, kept] = [encode("aborted", { signal: controller.signal }), encode("kept")];
    await until(() => expect(started[0]?.encoded).toHaveLength(2));
    started[0]?.die("boom");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await new Promise((done) => setTimeout(done, 60));
    finishLoad(loaded);
    expect(await kept).toEqual([4, 0]);
    expect(started[1]?.encoded).toEqual([["kept"]]);
    expect(started).toHaveLength(2);
    link.dispose();
  });
});

describe("WorkerLink, when the engine can run no more", () => {
  const spoiled = () => Promise.reject(new BackendError("unreachable.", { backend: "wasm", spoiled: true }));

  it("gives all calls to a new worker, each of which answers once", async () => {
    const { started, link, encode } = await open({ encode: (_, __, [text]) => (text === "first" ? spoiled() : never()) }, { encode: async () => 2 });
    const answers = await Promise.all([encode("other"), encode("first")]);
    expect(answers).toEqual([
      [5, 2],
      [5, 2],
    ]);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, false]);
    expect(started[1]?.encoded).toEqual([["other"], ["first"]]);
    link.dispose();
  });

  it("passes on the failure when it happens again, and starts the next worker for the next call only", async () => {
    const { started, link, encode } = await open({ encode: spoiled }, { encode: spoiled }, {});
    await expect(encode("text")).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true } });
    expect(started.map(({ terminated }) => terminated)).toEqual([true, true]);
    expect(await encode("text")).toEqual([4, 0]);
    link.dispose();
  });

  it("tells the new worker to take one text at a time when there was no memory", async () => {
    const requests: LoadRequest[] = [];
    const load: Script["load"] = async (_, asked) => {
      requests.push(asked);
      return loaded;
    };
    const { link, encode } = await open({ load, encode: () => Promise.reject(new OutOfMemoryError(9, "wasm")) }, { load });
    expect(await encode("text")).toEqual([4, 0]);
    expect(requests.map(({ maxBatchTexts }) => maxBatchTexts)).toEqual([undefined, 1]);
    link.dispose();
  });

  it("does not let an answer of the old worker count that comes too late", async () => {
    let answerLate!: (value: number) => void;
    const late = new Promise<number>((resolve) => (answerLate = resolve));
    const { started, link, encode } = await open({ encode: () => late }, { encode: async () => 2 });
    const call = encode("text");
    await until(() => expect(started[0]?.encoded).toHaveLength(1));
    started[0]?.die("boom");
    answerLate(1);
    expect(await call).toEqual([4, 2]);
    link.dispose();
  });

  it("knows which device runs the model now", async () => {
    const other = { ...loaded.device, backend: "webgpu" as const };
    const { link, encode } = await open({ encode: spoiled }, { load: async () => ({ ...loaded, device: other }) });
    expect(link.device).toEqual(loaded.device);
    await encode("text");
    expect(link.device).toEqual(other);
    link.dispose();
  });
});

describe("WorkerLink, when a worker is silent", () => {
  /** Ticks of the watch, and pauses in which messages arrive. */
  async function pass(minutes: number) {
    for (let tick = 0; tick < minutes * 12; tick++) {
      vi.advanceTimersByTime(5000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it("replaces one that answers no ping, after the time that the longest batch could take; not one that is slow", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    try {
      let finish!: (value: number) => void;
      const slow = new Promise<number>((resolve) => (finish = resolve));
      const { started, link, encode } = await open({ encode: () => slow }, { encode: async () => 2 });
      const call = encode("text");
      await pass(60);
      expect(started).toHaveLength(1);
      started[0]!.deaf = true;
      await pass(9);
      expect(started).toHaveLength(1);
      await pass(2);
      expect(await call).toEqual([4, 2]);
      expect(started.map(({ terminated }) => terminated)).toEqual([true, false]);
      finish(1);
      // Nobody waits any more: a deaf worker is nobody's trouble.
      started[1]!.deaf = true;
      await pass(30);
      expect(started).toHaveLength(2);
      link.dispose();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a listener of progress that throws", () => {
  it("is reported as an error of the page, and the call goes on", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    try {
      const { link, encode } = await open({
        async encode(worker, call) {
          await worker.report?.(call.id, { phase: "encode", loaded: 1, total: 2, unit: "tokens" });
          return 3;
        },
      });
      const mistake = new Error("a mistake of the page");
      const onProgress = () => {
        throw mistake;
      };
      expect(await encode("text", { onProgress })).toEqual([4, 3]);
      expect(reported.mock.calls).toEqual([[mistake]]);
      link.dispose();
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("WorkerLink.dispose", () => {
  it("ends the worker and rejects what is pending and what comes later", async () => {
    const { started, link, encode } = await open({ encode: never });
    const pending = encode("text");
    link.dispose();
    link.dispose();
    await expect(pending).rejects.toMatchObject({ code: "disposed", name: "DisposedError" });
    await expect(encode("later")).rejects.toMatchObject({ code: "disposed" });
    expect(started.map(({ terminated }) => terminated)).toEqual([true]);
  });

  it("also works while the model loads again", async () => {
    const { started, link, encode } = await open({ encode: never }, { load: never });
    const pending = encode("text");
    await until(() => expect(started[0]?.encoded).toHaveLength(1));
    started[0]?.die("boom");
    link.dispose();
    await expect(pending).rejects.toMatchObject({ code: "disposed" });
    expect(started.map(({ terminated }) => terminated)).toEqual([true, true]);
  });
});
