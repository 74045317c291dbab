/** Loads that are broken off, and tabs that load at once, with real workers and the store that all share: what was stored is used, and nothing twice. */
import { beforeEach, describe, expect, it } from "vitest";
import { openModelStorage } from "#worker/model-storage.ts";
import { M3, models, type ProgressEvent } from "../../../src/index.ts";
import { scene } from "../model/scene.ts";
import { sabotagedWorkers } from "./saboteur.ts";
import { openTab } from "./tabs.ts";

const options = { device: "wasm", threads: 1, prefetch: "none" } as const;
const baseUrl = new URL("/", location.href).href;

/** Files are known by their content: what another test has stored is not to be found by this one. */
beforeEach(async () => {
  const { store } = await openModelStorage();
  for (const { name } of await store.list()) await store.remove(name);
});

const heldLocks = async () => ((await navigator.locks.query()).held ?? []).map(({ name }) => name).sort();

const notManifest = ({ file }: { readonly file: string }) => file !== "manifest.json";

describe("two tabs at once", () => {
  it("download each file once, and both have the model", async () => {
    const { folder, log } = scene("none");
    const tabs = await Promise.all([openTab(), openTab()]);
    const loaded = await Promise.all(tabs.map(({ M3 }) => M3.load(folder, { ...options, baseUrl })));
    const [first, second] = await Promise.all(loaded.map((m3) => m3.encode("How do I print a page?")));
    // Of two realms: compared as plain lists.
    expect([...first!.denseVecs!]).toEqual([...second!.denseVecs!]);
    const files = (await log()).filter(notManifest).map(({ file }) => file);
    expect(files.length).toBe(new Set(files).size);
    await Promise.all(loaded.map((m3) => m3.dispose()));
    for (const tab of tabs) tab.close();
  });

  it("of which one is closed in the middle: the other goes on with what was stored", async () => {
    const { folder, log } = scene("none");
    const [closing, staying] = await Promise.all([openTab(), openTab()]);
    await new Promise<void>((resolve) => {
      const onProgress = ({ loaded, total }: ProgressEvent) => loaded > total / 2 && resolve();
      void closing.M3.load(folder, { ...options, baseUrl, onProgress });
    });
    const loading = staying.M3.load(folder, { ...options, baseUrl });
    closing.close();
    const m3 = await loading;
    expect((await m3.encode("text")).denseVecs).toHaveLength(384);
    await m3.dispose();
    staying.close();
    // A file that was complete in the store is not downloaded again, whoever did it.
    const whole = (await log()).filter((entry) => notManifest(entry) && entry.range === null).map(({ file }) => file);
    const sizes = new Map((await (await openModelStorage()).store.list("f-")).map(({ name, bytes }) => [name.slice(2, 18), bytes]));
    expect(sizes.size).toBeGreaterThanOrEqual(new Set(whole).size);
    expect((await models.verify(folder)).damaged).toEqual([]);
  });
});

describe("a worker that ends in the middle of a write to the store", () => {
  it("fails the load with a typed error; the next load finds all files that were complete, and none that is not", async () => {
    const { folder, log } = scene("none");
    const { worker, kill, stopped } = sabotagedWorkers("stop-in-write");
    const loading = M3.load(folder, { ...options, worker }).catch((error: unknown) => error);
    await stopped();
    kill();
    expect(await loading).toMatchObject({ code: "worker-lost", message: expect.stringMatching(/ended it.*Load the model again/) });

    const { store } = await openModelStorage();
    const complete = (await store.list("f-")).map(({ name }) => name.slice(2, 18));
    const requests = (await log()).length;
    const m3 = await M3.load(folder, options);
    expect((await m3.encode("text")).denseVecs).toHaveLength(384);
    await m3.dispose();
    const again = (await log()).slice(requests).filter(notManifest);
    expect(again.filter(({ file }) => complete.some((digest) => file.startsWith(digest)))).toEqual([]);
    expect((await models.verify(folder)).damaged).toEqual([]);
  });
});

describe("a load that is given up", () => {
  it.each(["download", "prepare"])("during %s ends its worker and frees all locks; the next load goes on", async (phase) => {
    const { folder } = scene("none");
    const { worker, started } = sabotagedWorkers();
    const before = await heldLocks();
    const controller = new AbortController();
    const reason = new Error("the page was left");
    const onProgress = (event: ProgressEvent) => event.phase === phase && event.loaded > 0 && controller.abort(reason);
    await expect(M3.load(folder, { ...options, worker, signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(started).toHaveLength(1);
    // Those of earlier tests may go meanwhile.
    await expect.poll(async () => (await heldLocks()).filter((name) => !before.includes(name)), { timeout: 30_000 }).toEqual([]);
    const m3 = await M3.load(folder, options);
    expect((await m3.encode("text")).denseVecs).toHaveLength(384);
    await m3.dispose();
    expect((await models.verify(folder)).damaged).toEqual([]);
  });
});
