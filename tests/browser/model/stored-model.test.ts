/** What is kept of a model in the browser's own stores, and what becomes of a download when the network, the server or the disk fails. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { M3 } from "#client/m3.ts";
import { models } from "#client/models.ts";
import { writeBlob } from "#core/byte-store.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { StoreKind } from "#storage/open.ts";
import { openModelStorage } from "#worker/model-storage.ts";
import { faultyShard, scene } from "./scene.ts";
import { seededRandom } from "./seeded-random.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each<StoreKind>(["opfs", "indexeddb", "cache-api"])("a model stored in %s", (kind) => {
  it("is there at the next visit, also without a network, and a bit that flips meanwhile is noticed", async () => {
    const { load, log, notices, turn, openStorage } = scene("none", kind);
    await load();
    const requests = (await log()).length;
    await load();
    expect((await log()).slice(requests).map(({ file }) => file)).toEqual(["manifest.json"]);
    expect(notices()).toEqual([]);

    const shard = await faultyShard();
    const { store } = await openStorage();
    const reader = await store.open(`f-${shard.sha256}`);
    const bytes = await reader.read();
    bytes[12_345]! ^= 4;
    await writeBlob(store, `f-${shard.sha256}`, bytes);
    await load();
    expect((await log()).slice(requests + 1).map(({ file }) => file)).toEqual(["manifest.json", shard.file]);
    expect(notices()).toEqual(["stored-file-damaged"]);

    await turn("off");
    await load();
    expect(notices()).toEqual(["stored-file-damaged", "offline"]);
  });
});

describe("a download", () => {
  it("goes on after each of 10 cuts, from the byte that it had got to", async () => {
    const { load, shardLog } = scene("cut");
    await load();
    const shard = await faultyShard();
    const log = await shardLog(shard);
    expect(log).toHaveLength(11);
    let arrived = 0;
    for (const { range, ifRange, status, sent } of log) {
      const from = Number(/\d+/.exec(range ?? "0"));
      expect(from).toBe(arrived);
      if (range !== null) expect([ifRange, status]).toEqual(['"now"', 206]);
      arrived = from + sent;
    }
    expect(arrived).toBe(shard.bytes);
    expect(sum(log.map(({ sent }) => sent))).toBe(shard.bytes);
  });

  it.each([
    ["no-ranges", [200, 200]],
    ["changed", [200, 200]],
    ["ignores-if-range", [200, 206, 200]],
    ["flipped-once", [200, 200]],
    ["errors-first", [500, 503, 429, 200]],
  ])("starts over or tries again, and is right in the end: %s", async (fault, statuses) => {
    const { load, shardLog, notices } = scene(fault);
    await load();
    const log = await shardLog(await faultyShard());
    expect(log.map(({ status }) => status)).toEqual(statuses);
    expect(notices()).toEqual([]);
  });

  it("stops at once at 403 and at a page of a captive portal, which is not stored", async () => {
    const forbidden = scene("forbidden");
    await expect(forbidden.load()).rejects.toMatchObject({ code: "missing-shard", fields: { status: 403 } });
    expect(await forbidden.shardLog(await faultyShard())).toHaveLength(1);

    const portal = scene("html-first");
    await expect(portal.load()).rejects.toMatchObject({ code: "missing-shard", message: expect.stringContaining("HTML page") });
    await portal.load();
    expect(await portal.shardLog(await faultyShard())).toHaveLength(2);
  });

  it("that is aborted at 10 random points goes on when the model is loaded again", async () => {
    const { load, log } = scene("none");
    const random = seededRandom(20261123);
    // In order: each abort comes later than what is stored by then.
    for (const fraction of Array.from({ length: 10 }, random).sort()) {
      const controller = new AbortController();
      const onProgress = ({ loaded, total }: ProgressEvent) => loaded >= fraction * total && controller.abort(new Error("enough"));
      await expect(load({ signal: controller.signal, onProgress })).rejects.toThrow("enough");
    }
    await load();
    // Ranges with an end are those of the browser's own cache.
    const continued = (await log()).filter(({ range }) => /^bytes=[1-9]\d*-$/.test(range ?? ""));
    expect(continued.length).toBeGreaterThan(0);
    expect(new Set(continued.map(({ status, ifRange }) => `${status} ${ifRange}`))).toEqual(new Set(['206 "now"']));
    await load();
    expect((await log()).at(-1)!.file).toBe("manifest.json");
  });

  it("is made once for two tabs", async () => {
    const { load, log } = scene("none");
    await Promise.all([load(), load()]);
    const files = (await log()).map(({ file }) => file).filter((file) => file !== "manifest.json");
    expect(files.length).toBe(new Set(files).size);
  });

  it("is kept in memory, with a notice, where the browser stores nothing", async () => {
    vi.spyOn(navigator.storage, "getDirectory").mockRejectedValue(new DOMException("denied", "SecurityError"));
    vi.stubGlobal("indexedDB", undefined);
    vi.stubGlobal("caches", undefined);
    const { load, notices } = scene("none");
    await load({ openStorage: openModelStorage });
    expect(notices()).toEqual(["storage-unavailable"]);
  });

  it("is kept in memory, with a notice, where there is no room", async () => {
    vi.spyOn(navigator.storage, "estimate").mockResolvedValue({ quota: 5e6, usage: 0 });
    const { load, notices } = scene("none");
    // As on a device that has none of it: an earlier test may have stored m3-mini here.
    const { store } = await scene("none").openStorage();
    await load({ openStorage: async () => ({ ...(await openModelStorage()), store }) });
    expect(notices()).toEqual(["storage-full"]);
    expect(await store.list("f-")).toEqual([]);
  });
});

describe("M3.load", () => {
  it("works at the second visit without a network, down to the pages of a text that it knows", async () => {
    const { folder, turn, notices, log } = scene("none");
    const codes: string[] = [];
    const onProgress = ({ notice }: ProgressEvent) => notice && codes.push(notice.code);
    const visit = async () => {
      const m3 = await M3.load(folder, { device: "wasm", threads: 1, prefetch: "none", onProgress });
      const { denseVecs } = await m3.encode("How do I print a page?");
      await m3.dispose();
      return denseVecs;
    };
    const online = await visit();
    const requests = (await log()).length;
    await turn("off");
    expect(await visit()).toEqual(online);
    expect(codes).toEqual(["offline"]);
    expect(notices()).toEqual([]);
    expect(await log()).toHaveLength(requests);
    await models.remove(folder);
  });
});

describe("models", () => {
  it("tells what is stored, checks it and removes it", async () => {
    const { folder, load } = scene("none");
    await load({ openStorage: openModelStorage });
    const url = new URL(`${folder}manifest.json`, location.href).href;
    const [model] = (await models.list()).filter((one) => one.url === url);
    expect(model).toMatchObject({ name: "m3-mini" });
    expect(model!.bytes).toBeGreaterThan(1e7);
    expect(model!.totalBytes).toBeGreaterThan(model!.bytes);
    expect(await models.size(folder)).toBe(model!.bytes);
    expect((await models.verify(url)).damaged).toEqual([]);
    await models.remove(folder);
    expect(await models.size(folder)).toBe(0);
    await expect(models.verify(folder)).rejects.toMatchObject({ code: "unknown-model" });
  });

  it("tells when its worker does not start", async () => {
    const worker = () => new Worker("/no-such-worker.js", { type: "module" });
    await expect(models.list({ worker })).rejects.toMatchObject({ code: "worker-lost" });
    await expect(models.size(3 as never)).rejects.toMatchObject({ code: "invalid-input", fields: { path: "model" } });
    await expect(models.list({ base: "/" } as never)).rejects.toMatchObject({ code: "invalid-input", fields: { path: "options.base" } });
  });
});
