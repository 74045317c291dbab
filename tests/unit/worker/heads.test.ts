/** Heads that change while a worker runs: the real m3-mini and its heads, and a session whose hidden states are the embedding rows. */
import path from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { BackendError, StorageError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { EncoderSession } from "#core/session.ts";
import { readStoredHeads, storeHeads } from "#model/adapted-heads.ts";
import type { ModelStorage } from "#model/model-storage.ts";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import type { AdaptPair, AdaptSettings, AdaptSource, Call, LoadRequest } from "#worker/protocol.ts";
import { WorkerService } from "#worker/service.ts";
import { summingSession } from "../cli/fake-surroundings.ts";

const request: LoadRequest = { model: "m3-mini", baseUrl: "https://site.example/", device: "auto", threads: 1, storage: "auto", prefetch: "none" };
const SUBJECTS = ["apples", "trains", "violins", "oceans", "deserts", "printers", "castles", "planets", "cameras", "kitchens", "forests", "bridges"];
const pairs: AdaptPair[] = SUBJECTS.map((subject) => ({ query: `All about ${subject}`, pos: [`What are ${subject} good for? People like ${subject}.`] }));
const quick: AdaptSettings = { epochs: 1, batchPairs: 4, adopt: "always" };

let model: LoadedModel;
beforeAll(async () => {
  const opened = await openFileModel(path.resolve("public/models/m3-mini"));
  model = { ...opened, manifest: { ...opened.manifest, selfTest: null } };
});

function memoryStorage(): ModelStorage {
  return { store: new MemoryStore(), locks: new MemoryLock(), freeBytes: async () => undefined };
}

interface Options {
  readonly openStorage?: () => Promise<ModelStorage>;
  readonly request?: Partial<LoadRequest>;
  readonly model?: LoadedModel;
  /** Hears of every batch. @param session counted as they were opened, from 0 */
  readonly beforeRun?: (outputs: { readonly hidden?: boolean | undefined }, session: number) => Promise<void> | void;
  /** Hears of progress when it is told, so that a test can act at an exact place. */
  readonly onEvent?: (call: number, event: ProgressEvent) => void;
}

async function loaded({ openStorage, request: changes, model: given = model, beforeRun = () => {}, onEvent = () => {} }: Options = {}) {
  const storage = memoryStorage();
  const sessions: { readonly opened: LoadedModel; readonly session: EncoderSession }[] = [];
  const worker = new WorkerService({
    loadModel: async () => given,
    deviceCandidates: async (opened) => [
      {
        backend: "wasm",
        variant: "",
        unavailable: null,
        async open() {
          const sums = summingSession(opened);
          const number = sessions.length;
          const session: EncoderSession = {
            info: { ...sums.info, backend: "wasm" },
            run: vi.fn(async (batch, how) => {
              await beforeRun(batch.outputs, number);
              return await sums.run(batch, how);
            }),
            dispose: vi.fn(async () => {}),
          };
          sessions.push({ opened, session });
          return session;
        },
      },
    ],
    openModelStorage: openStorage ?? (async () => storage),
    openIndexPlace: async () => ({ store: new MemoryStore(), lock: new MemoryLock(), release: async () => {} }),
  });
  const events: ProgressEvent[] = [];
  worker.connect((id, event) => {
    events.push(event);
    onEvent(id, event);
  });
  const first = await worker.load(call(0), { ...request, ...changes });
  return { worker, storage, sessions, events, first };
}

const call = (id: number, progress = true): Call => ({ id, urgency: "corpus", progress });
/** As the main thread does it: trains, then changes the heads where they are to be adopted. */
async function adapt(worker: WorkerService, id: number, source: AdaptSource, settings: AdaptSettings) {
  const { report, heads } = await worker.adapt(call(id), source, settings);
  if (!heads) return { report: { ...report, adopted: false, stored: false }, loaded: null };
  const { loaded: now, stored } = await worker.changeHeads(call(id + 0.5), heads);
  return { report: { ...report, adopted: true, stored }, loaded: now };
}

const reset = async (worker: WorkerService, id: number) => (await worker.changeHeads(call(id), null)).loaded;

const given = (some: readonly unknown[] = pairs) => ({ kind: "pairs" as const, pairs: some });
const noticesOf = (events: readonly ProgressEvent[]) => events.flatMap(({ notice }) => (notice ? [notice.code] : []));

describe("adapting heads in a worker", () => {
  it("opens the model with the new heads, keeps them, and disposes of the session with the old ones", async () => {
    const { worker, storage, sessions, first, events } = await loaded();
    const base = model.manifest.fingerprint;
    expect(first).toMatchObject({ info: { fingerprint: base, heads: "shipped" }, heads: null });
    const { report, loaded: now } = await adapt(worker, 1, given(), quick);
    expect(report).toMatchObject({ adopted: true, stored: true, pairs: { train: 8, dev: 2, heldOut: 2, dropped: 0 }, resumedAt: 0 });
    expect(now!.info).toMatchObject({ heads: "adapted", baseFingerprint: base });
    expect(await readStoredHeads(storage.store, base)).toEqual(now!.heads);
    expect((await storage.store.list()).map(({ name }) => name)).toEqual([`h-${base}`]);
    expect(sessions.map(({ session }) => vi.mocked(session.dispose).mock.calls.length)).toEqual([1, 0]);
    expect(sessions[1]!.opened.manifest.fingerprint).toBe(now!.info.fingerprint);
    expect(noticesOf(events)).toEqual([]);
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(["encode", "evaluate", "train"]));
    // The same again: the same heads, whichever run now.
    const again = await adapt(worker, 2, given(), quick);
    expect(again.loaded!.info.fingerprint).toBe(now!.info.fingerprint);
    expect(again.report).toEqual(report);
    expect(await reset(worker, 3)).toMatchObject({ info: { fingerprint: base, heads: "shipped" }, heads: null });
    expect(await storage.store.list()).toEqual([]);
  });

  it("begins with stored heads where that is asked for, and with given ones where a worker takes another's place", async () => {
    const one = await loaded();
    const { loaded: now } = await adapt(one.worker, 1, given(), quick);
    const openStorage = async () => one.storage;
    expect((await loaded({ openStorage })).first.info.heads).toBe("shipped");
    expect((await loaded({ openStorage, request: { heads: "adapted" } })).first).toEqual(now);
    expect((await loaded({ request: { heads: { file: now!.heads! } } })).first).toEqual(now);
    expect((await loaded({ request: { heads: "adapted" } })).first.info.heads).toBe("shipped");
  });

  it("takes the model's own heads, and says so, where stored ones are damaged or cannot be looked for", async () => {
    const storage = memoryStorage();
    await storeHeads(storage.store, model.manifest.fingerprint, Uint8Array.of(1, 2, 3));
    const damaged = await loaded({ openStorage: async () => storage, request: { heads: "adapted" } });
    expect([damaged.first.info.heads, noticesOf(damaged.events)]).toEqual(["shipped", ["stored-file-damaged"]]);
    expect(await storage.store.list()).toEqual([]);
    const denied = await loaded({ openStorage: () => Promise.reject(new StorageError("opfs", "be opened")), request: { heads: "adapted" } });
    expect([denied.first.info.heads, noticesOf(denied.events)]).toEqual(["shipped", ["storage-unavailable"]]);
  });

  it("lives in memory where nothing can be stored, and says so", async () => {
    const { worker, events } = await loaded({ openStorage: () => Promise.reject(new StorageError("opfs", "be opened")) });
    const { report, loaded: now } = await adapt(worker, 1, given(), quick);
    expect(report).toMatchObject({ adopted: true, stored: false });
    expect(now!.info.heads).toBe("adapted");
    expect(noticesOf(events)).toEqual(["storage-unavailable", "storage-unavailable"]);
    // Asked for, it is no news.
    const silent = await loaded({ request: { storage: "memory" } });
    expect((await adapt(silent.worker, 1, given(), quick)).report).toMatchObject({ adopted: true, stored: false });
    expect(noticesOf(silent.events)).toEqual([]);
    expect(await silent.storage.store.list()).toEqual([]);
  });

  it("trains in memory where the store is full, and keeps the earlier heads there", async () => {
    const storage = memoryStorage();
    const { create } = storage.store;
    storage.store.create = async (name) => {
      if (name.startsWith("t-")) throw new StorageError("opfs", "write");
      return await create.call(storage.store, name);
    };
    const { worker, events } = await loaded({ openStorage: async () => storage });
    expect((await adapt(worker, 1, given(), quick)).report).toMatchObject({ adopted: true, stored: true });
    expect(noticesOf(events)).toEqual(["storage-unavailable"]);
  });

  it("does not adopt heads that are no better, unless that is asked for", async () => {
    const { worker, storage, sessions } = await loaded();
    // So small a step changes no rank.
    const { report } = await adapt(worker, 1, given(), { ...quick, learningRate: 1e-9, adopt: "ifBetter" });
    expect(report).toMatchObject({ adopted: false, stored: false });
    expect(report.after).toEqual(report.before);
    expect(sessions).toHaveLength(1);
    expect(await storage.store.list()).toEqual([]);
  });

  it("changes nothing when it is cancelled, and goes on with what was computed when it is called again", async () => {
    let trained = 0;
    const { worker, storage, events, sessions } = await loaded({
      onEvent: (id, { phase }) => {
        if (id === 1 && phase === "train" && ++trained === 4) worker.cancel(1);
      },
    });
    await expect(worker.adapt(call(1), given(), { ...quick, epochs: 5 })).rejects.toMatchObject({ name: "AbortError" });
    expect(sessions).toHaveLength(1);
    const left = (await storage.store.list()).map(({ name }) => name);
    expect(left.some((name) => name.startsWith("h-"))).toBe(false);
    expect(left.some((name) => name.endsWith(".states"))).toBe(true);
    events.length = 0;
    const { report } = await worker.adapt(call(2), given(), { ...quick, epochs: 5 });
    expect(report.resumedAt).toBeGreaterThan(0);
    expect(events.filter(({ phase }) => phase === "encode")).toEqual([]);
    const whole = await loaded();
    const fresh = await whole.worker.adapt(call(1), given(), { ...quick, epochs: 5 });
    expect(report).toEqual({ ...fresh.report, resumedAt: report.resumedAt });
  });

  it("lets a call that is under way end with the heads that it began with", async () => {
    let release = () => {};
    let hold: Promise<void> | undefined;
    const { worker, sessions, events } = await loaded({ beforeRun: (_, session) => (session === 0 ? hold : undefined) });
    const adapting = worker.adapt(call(1), given(), { ...quick, epochs: 3 });
    await vi.waitFor(() => expect(events.some(({ phase }) => phase === "train")).toBe(true), { timeout: 30_000 });
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const slow = worker.encode(call(2), ["some text"], "passage", { returnColbertVecs: true });
    await vi.waitFor(() => expect(vi.mocked(sessions[0]!.session.run).mock.calls.at(-1)![0].outputs.colbert).toBe(true));
    hold = undefined;
    expect((await worker.changeHeads(call(3), (await adapting).heads)).loaded.info.heads).toBe("adapted");
    expect(sessions[0]!.session.dispose).not.toHaveBeenCalled();
    release();
    expect((await slow).tokenCounts).toHaveLength(1);
    await vi.waitFor(() => expect(sessions[0]!.session.dispose).toHaveBeenCalledTimes(1));
  });

  it("is done once at a time", async () => {
    const { worker } = await loaded();
    const first = worker.adapt(call(1), given(), { ...quick, epochs: 100 });
    await expect(worker.adapt(call(2), given(), quick)).rejects.toMatchObject({ code: "busy", name: "BusyError" });
    await expect(worker.changeHeads(call(3), null)).rejects.toMatchObject({ code: "busy" });
    // One that was cancelled is waited for.
    worker.cancel(1);
    const second = worker.adapt(call(4), given(), quick);
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    expect((await second).heads).not.toBeNull();
  });

  it("keeps its heads when the model cannot be opened with the new ones", async () => {
    let isLost = false;
    const { worker, storage, sessions } = await loaded({
      beforeRun: ({ hidden }) => {
        if (isLost && !hidden) throw new BackendError("there is no memory left.");
      },
    });
    isLost = true;
    await expect(adapt(worker, 1, given(), quick)).rejects.toMatchObject({ code: "backend-failed" });
    isLost = false;
    expect((await storage.store.list()).some(({ name }) => name.startsWith("h-"))).toBe(false);
    expect(sessions.map(({ session }) => vi.mocked(session.dispose).mock.calls.length)).toEqual([0, 1]);
    expect((await worker.encode(call(2), ["some text"], "passage", {})).tokenCounts).toHaveLength(1);
    // What was computed is not lost.
    expect((await adapt(worker, 3, given(), quick)).report).toMatchObject({ adopted: true, resumedAt: 2 });
  });
});

describe("what heads are adapted to", () => {
  it.each([
    ["too few pairs", pairs.slice(0, 9), /pairs must be pairs about at least 10 different things/],
    [
      "the same pair again and again",
      Array.from({ length: 40 }, () => pairs[0]),
      /pairs must be a list of at least two different pairs \(40 are there, all the same\)/,
    ],
    ["a wrong field", [...pairs, { query: "a", pos: ["b"], negative: [] }], /"negative" in pairs\[12\], must be left out/],
    ["a pair without a positive", [{ query: "a", pos: [] }, ...pairs], /"pos" in pairs\[0\], must be an array of at least one text/],
    ["something else", ["a", "b"], /pairs\[0\] must be a JSON object/],
  ])("refuses %s, before anything is computed", async (_, wrong, message) => {
    const { worker, events } = await loaded();
    await expect(worker.adapt(call(1), given(wrong), quick)).rejects.toMatchObject({ code: "invalid-input", message: expect.stringMatching(message) });
    expect(events).toEqual([]);
  });

  it("refuses models that give no hidden states, or have no heads to train", async () => {
    const onnx = { ...model.manifest, kind: "onnx", onnx: {} } as unknown as Manifest;
    const without = { ...model.manifest, heads: { ...model.manifest.heads, lexical: null, colbert: null } };
    const { trainOnTexts } = await import("#worker/adapt.ts");
    const parts = { encoder: Object.create(null), store: null, signal: new AbortController().signal, onProgress: undefined };
    const train = (manifest: Manifest) => trainOnTexts({ pairs }, {}, { ...parts, base: { ...model, manifest } });
    await expect(train(onnx)).rejects.toMatchObject({ code: "unsupported-model", message: expect.stringContaining("ONNX") });
    await expect(train(without)).rejects.toMatchObject({ code: "unsupported-model", message: expect.stringContaining("no lexical or ColBERT head") });
  });

  const index = { handle: "one", name: "help", storage: "persistent", shape: {} } as const;

  it("takes the texts of an index, in the languages that are asked for", async () => {
    const { worker } = await loaded();
    await worker.index(call(1), index, { kind: "open" });
    await expect(worker.adapt(call(2), { kind: "index", request: index }, quick)).rejects.toMatchObject({ message: expect.stringContaining("empty") });
    const sentence = (subject: string) => `Here we tell at some length what ${subject} are good for, and why people like ${subject} so much.`;
    const documents = SUBJECTS.flatMap((subject) => [
      { id: subject, title: `All about ${subject}`, text: sentence(subject), fields: { lang: "en" } },
      { id: `${subject}/de`, title: `Alles zu ${subject}`, text: `Auf Deutsch: ${sentence(subject)}`, fields: { lang: "de" } },
    ]);
    await worker.index(call(3), index, { kind: "add", documents, key: "k" });
    const { report } = await worker.adapt(call(4), { kind: "index", request: index }, { ...quick, languages: ["de"] });
    expect(report.pairs).toMatchObject({ train: 8, dev: 2, heldOut: 2 });
    const missing = worker.adapt(call(5), { kind: "index", request: index }, { ...quick, languages: ["de", "fr"] });
    await expect(missing).rejects.toMatchObject({
      code: "invalid-input",
      message: 'options.languages must be some of those of the corpus (de, en), but it is "fr".',
    });
  });
});
