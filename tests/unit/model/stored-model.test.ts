/** What is kept of a model between visits, on a store and locks in memory. */
import { describe, expect, it, vi } from "vitest";
import { type ByteStore, readBlob, writeBlob } from "#core/byte-store.ts";
import { StorageError, StorageFullError } from "#core/errors.ts";
import type { ProgressEvent } from "#core/progress.ts";
import { loadModel } from "#model/load-model.ts";
import type { ModelStorage } from "#model/model-storage.ts";
import { listStoredModels, removeStoredModel, verifyStoredModel } from "#model/stored-models.ts";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { type Answer, bytesOf, entryOf, type FakeRequest, fakeServer, html, offline, ok, ranged, status } from "./fake-server.ts";
import { files, manifest } from "./tiny-artefact.ts";

const BASE = "https://site.example/";
const MiB = 1024 * 1024;
const json =
  (value: unknown): Answer =>
  () =>
    new Response(JSON.stringify(value));

const served: Readonly<Record<string, readonly Answer[]>> = {
  "manifest.json": [json(manifest)],
  ...Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, [ok(bytes)]])),
};
const nothing: Readonly<Record<string, readonly Answer[]>> = Object.fromEntries(Object.keys(served).map((file) => [file, [offline]]));

function memoryStorage(changes: Partial<ModelStorage> = {}): ModelStorage {
  return { store: new MemoryStore(), locks: new MemoryLock(), freeBytes: async () => undefined, ...changes };
}

interface Visit {
  readonly answers?: Readonly<Record<string, readonly Answer[]>>;
  readonly openStorage?: () => Promise<ModelStorage>;
  readonly signal?: AbortSignal;
  readonly revision?: string;
}

/** Loads the model and reads all that every encode needs. */
async function visit(storage: ModelStorage, { answers = served, openStorage = async () => storage, signal, revision }: Visit = {}) {
  const { fetch, requests } = fakeServer(answers);
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => events.push(event);
  const model = await loadModel("m3-mini", { baseUrl: BASE, fetch, retryDelayMs: 0, retries: 2, openStorage, signal, onProgress, revision });
  const [first, last, tokenizer] = await Promise.all([
    model.tensors.read("first", { signal }),
    model.tensors.read("last", { signal }),
    model.readTokenizer({ signal }),
  ]);
  expect(first.bytes).toEqual(files["layers-1.bin"]!.slice(100, 110));
  expect(last.bytes).toEqual(files["layers-2.bin"]);
  expect(tokenizer).toEqual(files["tokenizer.bin"]);
  return { model, requested: requests.map(nameOf), notices: events.flatMap(({ notice }) => (notice ? [notice.code] : [])), events };
}

const nameOf = ({ url }: FakeRequest) => url.slice(url.lastIndexOf("/") + 1);
const fileBlob = (file: string) => `f-${entryOf(file, files[file]!).sha256}`;

describe("a revision that is asked for", () => {
  const later = { ...manifest, fingerprint: "f".repeat(64) };
  const republished = { ...served, "manifest.json": [json(later)] };

  it("is used as it is stored, without asking the server, whatever that has by now", async () => {
    const storage = memoryStorage();
    await visit(storage);
    const { requested, notices } = await visit(storage, { answers: republished, revision: manifest.fingerprint });
    expect(requested).toEqual([]);
    expect(notices).toEqual([]);
    // Who asks for none gets the newest.
    expect((await visit(storage, { answers: republished })).model.manifest.fingerprint).toBe(later.fingerprint);
  });

  it("that is nowhere is told with the one that is there, and leaves what is stored alone", async () => {
    const storage = memoryStorage();
    await visit(storage);
    const revision = "e".repeat(64);
    const error = { code: "invalid-manifest", message: expect.stringContaining(revision), fields: { expected: revision, received: later.fingerprint } };
    await expect(visit(storage, { answers: republished, revision })).rejects.toMatchObject(error);
    await expect(visit(storage, { answers: nothing, revision })).rejects.toMatchObject({ code: "missing-shard" });
    expect((await visit(storage)).requested).toEqual(["manifest.json"]);
  });
});

describe("a stored model", () => {
  it("is there at the second visit, which asks for the manifest only, and tells all its bytes", async () => {
    const storage = memoryStorage();
    expect((await visit(storage)).requested).toEqual(["manifest.json", "tokenizer.bin", "layers-1.bin", "layers-2.bin"]);
    const { requested, notices, events } = await visit(storage);
    expect(requested).toEqual(["manifest.json"]);
    expect(notices).toEqual([]);
    expect(events.at(-1)!.loaded).toBe(events.at(-1)!.total);
    expect(events.at(-1)!.total).toBe(files["tokenizer.bin"]!.length + files["layers-1.bin"]!.length + files["layers-2.bin"]!.length);
  });

  it.each<[string, Answer]>([
    ["there is no network", offline],
    ["the server is in trouble", status(503)],
    ["a captive portal answers", html],
  ])("is used, with a notice, when %s", async (_, answer) => {
    const storage = memoryStorage();
    await visit(storage);
    const { requested, notices } = await visit(storage, { answers: { ...nothing, "manifest.json": [answer] } });
    expect(requested).toEqual(["manifest.json"]);
    expect(notices).toEqual(["offline"]);
  });

  it("is not used when the server says that there is no such model, or has one that we cannot read", async () => {
    const storage = memoryStorage();
    await visit(storage);
    await expect(visit(storage, { answers: { ...served, "manifest.json": [status(404)] } })).rejects.toMatchObject({ code: "missing-shard" });
    const newer = json({ ...manifest, formatVersion: 99 });
    await expect(visit(storage, { answers: { ...served, "manifest.json": [newer] } })).rejects.toMatchObject({ code: "invalid-manifest" });
  });

  it("tries for a first manifest as often as for any file", async () => {
    const answers = { ...served, "manifest.json": [offline, status(500), json(manifest)] };
    expect((await visit(memoryStorage(), { answers })).requested.filter((name) => name === "manifest.json")).toHaveLength(3);
  });

  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array]>([
    ["with a flipped bit", (bytes) => bytes.with(3, bytes[3]! ^ 1)],
    ["cut short", (bytes) => bytes.subarray(1)],
  ])("downloads a file again that was stored %s", async (_, damage) => {
    const storage = memoryStorage();
    await visit(storage);
    await writeBlob(storage.store, fileBlob("layers-2.bin"), damage(files["layers-2.bin"]!));
    const { requested, notices } = await visit(storage);
    expect(requested).toEqual(["manifest.json", "layers-2.bin"]);
    expect(notices).toEqual(["stored-file-damaged"]);
    expect(await readBlob(storage.store, fileBlob("layers-2.bin"))).toEqual(files["layers-2.bin"]);
  });

  it("is no help outside a secure context, where nothing can be checked", async () => {
    const storage = memoryStorage();
    vi.stubGlobal("crypto", {});
    try {
      await expect(visit(storage)).rejects.toMatchObject({ code: "missing-shard", message: expect.stringContaining("https") });
    } finally {
      vi.unstubAllGlobals();
    }
    expect(await storage.store.list()).toEqual([]);
  });

  it("never stores what is wrong", async () => {
    const storage = memoryStorage();
    const flipped = files["layers-2.bin"]!.with(5, 99);
    for (const answer of [ok(flipped), html, status(404), ok(flipped.subarray(1))]) {
      await expect(visit(storage, { answers: { ...served, "layers-2.bin": [answer] } })).rejects.toMatchObject({ fields: { file: "layers-2.bin" } });
      expect(await storage.store.size(fileBlob("layers-2.bin"))).toBeUndefined();
    }
    expect((await visit(storage)).requested).toEqual(["manifest.json", "layers-2.bin"]);
  });

  it("goes on at the next visit where the last one broke off", async () => {
    const storage = memoryStorage();
    const cut = ranged(files["layers-1.bin"]!, { cutAfter: 200 });
    const answers = { ...served, "layers-1.bin": [cut, offline] };
    await expect(visit(storage, { answers })).rejects.toMatchObject({ code: "missing-shard" });
    const whole = ranged(files["layers-1.bin"]!);
    const asked = vi.fn(whole);
    await visit(storage, { answers: { ...served, "layers-1.bin": [asked] } });
    expect(asked.mock.calls.map(([{ range, ifRange }]) => [range, ifRange])).toEqual([["bytes=200-", '"1"']]);
    expect(await storage.store.list("p-")).toEqual([]);
  });

  it("does not trust a kept beginning: what does not fit the rest is downloaded whole", async () => {
    const storage = memoryStorage();
    const other = ranged(bytesOf(files["layers-1.bin"]!.length, 77), { cutAfter: 200 });
    await expect(visit(storage, { answers: { ...served, "layers-1.bin": [other, offline] } })).rejects.toMatchObject({ code: "missing-shard" });
    const asked = vi.fn(ranged(files["layers-1.bin"]!));
    await visit(storage, { answers: { ...served, "layers-1.bin": [asked] } });
    expect(asked.mock.calls.map(([{ range }]) => range)).toEqual(["bytes=200-", undefined]);
  });

  it("is downloaded once for two who load it at the same time", async () => {
    const storage = memoryStorage();
    const { fetch, requests } = fakeServer(served);
    const one = async () => {
      const { tensors, readTokenizer } = await loadModel("m3-mini", { baseUrl: BASE, fetch, openStorage: async () => storage });
      await Promise.all([tensors.read("first"), tensors.read("last"), readTokenizer()]);
    };
    await Promise.all([one(), one()]);
    expect(requests.map(nameOf).toSorted()).toEqual(["layers-1.bin", "layers-2.bin", "manifest.json", "manifest.json", "tokenizer.bin"]);
  });

  it("loses files that no stored manifest names any more, when a new version comes", async () => {
    const storage = memoryStorage();
    await visit(storage);
    await writeBlob(storage.store, fileBlob("page-0.bin"), files["page-0.bin"]!);
    const abandoned = "f-".padEnd(66, "0");
    await writeBlob(storage.store, abandoned, bytesOf(9));
    await visit(storage);
    expect(await storage.store.size(abandoned)).toBe(9);
    const renamed = json({ ...manifest, license: "Apache-2.0" });
    expect((await visit(storage, { answers: { ...served, "manifest.json": [renamed] } })).requested).toEqual(["manifest.json"]);
    expect(await storage.store.size(abandoned)).toBeUndefined();
    expect(await storage.store.size(fileBlob("page-0.bin"))).toBe(files["page-0.bin"]!.length);
  });

  it("is in memory only, with a notice, when storage is denied, or has no room", async () => {
    const denied = await visit(memoryStorage(), { openStorage: () => Promise.reject(new StorageError("opfs", "be opened")) });
    expect(denied.notices).toEqual(["storage-unavailable"]);

    const full = memoryStorage({ freeBytes: async () => 10 });
    expect((await visit(full)).notices).toEqual(["storage-full"]);
    expect(await full.store.list("f-")).toEqual([]);
  });

  it.each<[string, Error, string]>([
    ["full", new StorageFullError("fake"), "storage-full"],
    ["broken", new StorageError("fake", "write"), "storage-unavailable"],
  ])("is in memory only, with one notice, when the store turns out to be %s", async (_, error, code) => {
    const memory = new MemoryStore();
    const store: ByteStore = {
      kind: "fake",
      size: (name) => memory.size(name),
      open: (name) => memory.open(name),
      list: (prefix) => memory.list(prefix),
      remove: (name) => memory.remove(name),
      close() {},
      create: async (name) => {
        const writer = await memory.create(name);
        return { bytes: 0, append: (chunk) => writer.append(chunk), commit: () => Promise.reject(error), abort: () => writer.abort() };
      },
    };
    const { notices } = await visit(memoryStorage({ store }));
    expect(notices).toEqual([code]);
    expect(await memory.list()).toEqual([]);
  });
});

describe("stored models", () => {
  const url = `${BASE}models/m3-mini/manifest.json`;
  const sizeOf = (...names: string[]) => names.reduce((sum, name) => sum + files[name]!.length, 0);
  const needed = sizeOf("tokenizer.bin", "layers-1.bin", "layers-2.bin");

  it("are listed with what is stored of them", async () => {
    const storage = memoryStorage();
    expect(await listStoredModels(storage)).toEqual([]);
    await visit(storage);
    const totalBytes = needed + sizeOf("page-0.bin", "page-1.bin");
    expect(await listStoredModels(storage)).toEqual([{ url, name: "tiny", fingerprint: manifest.fingerprint, bytes: needed, totalBytes }]);
  });

  it("are checked: what is damaged goes, and only that", async () => {
    const storage = memoryStorage();
    await expect(verifyStoredModel(storage, "m3-mini", BASE)).rejects.toMatchObject({ code: "unknown-model" });
    await visit(storage);
    expect(await verifyStoredModel(storage, "m3-mini", BASE)).toEqual({ checked: 3, damaged: [] });
    await writeBlob(storage.store, fileBlob("layers-2.bin"), files["layers-2.bin"]!.with(0, 7));
    expect(await verifyStoredModel(storage, url, BASE)).toEqual({ checked: 3, damaged: ["layers-2.bin"] });
    expect((await visit(storage)).requested).toEqual(["manifest.json", "layers-2.bin"]);
  });

  it("are removed, but for files that another one has", async () => {
    const storage = memoryStorage();
    await visit(storage);
    const other = { ...manifest, name: "other", tokenizer: { ...manifest.tokenizer, ...entryOf("other.bin", bytesOf(20, 8)) } };
    const { fetch } = fakeServer({ ...served, "manifest.json": [json(other)], "other.bin": [ok(bytesOf(20, 8))] });
    const second = await loadModel("/other/", { baseUrl: BASE, fetch, openStorage: async () => storage });
    await Promise.all([second.readTokenizer(), second.tensors.read("first"), second.tensors.read("last")]);

    await removeStoredModel(storage, "m3-mini", BASE);
    expect((await listStoredModels(storage)).map(({ name, bytes }) => [name, bytes])).toEqual([["other", needed - 50 + 20]]);
    expect(await storage.store.size(fileBlob("tokenizer.bin"))).toBeUndefined();
    await removeStoredModel(storage, "/other/", BASE);
    expect(await storage.store.list()).toEqual([]);
    await removeStoredModel(storage, "/other/", BASE);
  });

  it("are listed and removed with the heads that were trained for them, as long as no other model has the same fingerprint", async () => {
    const storage = memoryStorage();
    await visit(storage);
    await writeBlob(storage.store, `h-${manifest.fingerprint}`, bytesOf(7, 1));
    await writeBlob(storage.store, `t-${manifest.fingerprint.slice(0, 16)}-128-one.states`, bytesOf(11, 1));
    await writeBlob(storage.store, `h-${"f".repeat(64)}`, bytesOf(5, 1));
    expect((await listStoredModels(storage))[0]!.bytes).toBe(needed + 18);
    await loadModel("/copy/", { baseUrl: BASE, fetch: fakeServer(served).fetch, openStorage: async () => storage });
    await removeStoredModel(storage, "/copy/", BASE);
    expect((await listStoredModels(storage))[0]!.bytes).toBe(needed + 18);
    await removeStoredModel(storage, "m3-mini", BASE);
    expect((await storage.store.list()).map(({ name }) => name)).toEqual([`h-${"f".repeat(64)}`]);
  });
});

describe("a large file", () => {
  it("is kept in pieces as it comes, so that a closed tab loses little", async () => {
    const storage = memoryStorage();
    const bytes = new Uint8Array(3 * MiB + 5).map((_, index) => (index * 31 + (index >> 9)) & 255);
    const large = { ...manifest, tokenizer: { kind: "xlm-roberta", ...entryOf("tokenizer.bin", bytes) } };
    const stuck: Answer = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (let from = 0; from < 2.5 * MiB; from += 65536) controller.enqueue(bytes.slice(from, from + 65536));
          },
        }),
        { headers: { etag: '"1"' } },
      );
    const first = fakeServer({ ...served, "manifest.json": [json(large)], "tokenizer.bin": [stuck] });
    // As of a tab that is closed, nothing of this ever ends.
    void (await loadModel("m3-mini", { baseUrl: BASE, fetch: first.fetch, openStorage: async () => storage }));
    await vi.waitFor(async () => expect(await storage.store.list("p-")).toHaveLength(2));

    const asked = vi.fn(ranged(bytes));
    const second = fakeServer({ ...served, "manifest.json": [json(large)], "tokenizer.bin": [asked] });
    const again = await loadModel("m3-mini", { baseUrl: BASE, fetch: second.fetch, openStorage: async () => ({ ...storage, locks: new MemoryLock() }) });
    const read = await again.readTokenizer();
    expect(Buffer.compare(read, bytes)).toBe(0);
    expect(asked.mock.calls.map(([{ range }]) => range)).toEqual([`bytes=${2 * MiB}-`]);
  });
});
