import { describe, expect, it, vi } from "vitest";
import type { ProgressEvent } from "#core/progress.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { type LoadModelOptions, loadModel } from "#model/load-model.ts";
import { type Answer, fakeServer, html, ok, status } from "./fake-server.ts";
import { files, manifest } from "./tiny-artefact.ts";

const BASE = "https://site.example/";
const json =
  (value: unknown): Answer =>
  () =>
    new Response(JSON.stringify(value), { headers: { "content-type": "application/json" } });

const served = { "manifest.json": [json(manifest)], ...Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, [ok(bytes)]])) };

function load(answers: Readonly<Record<string, readonly Answer[]>> = served, options: Partial<LoadModelOptions> = {}) {
  const server = fakeServer(answers);
  const requested = () => server.requests.map(({ url }) => url);
  return { requests: server.requests, requested, model: loadModel("m3-mini", { baseUrl: BASE, fetch: server.fetch, ...options }) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("loadModel", () => {
  it("fetches the manifest and what every encode needs, and no page of the embedding table", async () => {
    const { model, requested, requests } = load();
    const { manifest: parsed, tensors, readTokenizer } = await model;
    expect(parsed).toEqual(manifest);
    expect(await readTokenizer()).toEqual(files["tokenizer.bin"]);
    expect((await tensors.read("split")).bytes).toHaveLength(30);
    await settled();
    const folder = `${BASE}models/m3-mini/`;
    expect(requested()).toEqual(["manifest.json", "tokenizer.bin", "layers-1.bin", "layers-2.bin"].map((file) => folder + file));
    expect(requests.map(({ cache }) => cache)).toEqual(["no-cache", "default", "default", "default"]);

    expect((await tensors.read(pageTensorName(0, ""))).bytes).toEqual(files["page-0.bin"]!.slice(8));
    expect(requested().at(-1)).toBe(`${folder}page-0.bin`);
    expect(requested()).toHaveLength(5);
  });

  it("reports bytes that only grow, up to the total, and more when a page is read", async () => {
    const events: ProgressEvent[] = [];
    const { tensors, readTokenizer } = await load(served, { onProgress: (event) => events.push(event) }).model;
    await Promise.all([readTokenizer(), tensors.read("split")]);
    const size = files["tokenizer.bin"]!.length + files["layers-1.bin"]!.length + files["layers-2.bin"]!.length;
    expect(events.every(({ total, phase, unit }) => total === size && phase === "download" && unit === "bytes")).toBe(true);
    expect(events.map(({ loaded }) => loaded)).toEqual(events.map(({ loaded }) => loaded).toSorted((a, b) => a - b));
    expect(events.at(-1)?.loaded).toBe(size);
    await tensors.read(pageTensorName(1, ""));
    expect(events.at(-1)).toMatchObject({ loaded: size + 40, total: size + 40, file: "page-1.bin" });
  });

  it.each<[string, Answer, string]>([
    ["is not there", status(404), "missing-shard"],
    ["is an HTML page", html, "missing-shard"],
    ["is not JSON", () => new Response("{"), "invalid-manifest"],
    ["is not a manifest", json({ hello: "world" }), "invalid-manifest"],
    ["is of a newer format", json({ ...manifest, formatVersion: 99 }), "invalid-manifest"],
  ])("rejects when the manifest %s, and asks for nothing else", async (_, answer, code) => {
    const { model, requested } = load({ ...served, "manifest.json": [answer] });
    await expect(model).rejects.toMatchObject({ code });
    await settled();
    expect(requested()).toHaveLength(1);
  });

  it("rejects a name that it does not know without a request", async () => {
    const fetch = vi.fn();
    await expect(loadModel("m4", { baseUrl: BASE, fetch })).rejects.toMatchObject({ code: "unknown-model" });
    expect(fetch).not.toHaveBeenCalled();
  });

  it("lets whoever reads a file meet its failure, and nobody else", async () => {
    const { tensors, readTokenizer } = await load({ ...served, "layers-2.bin": [status(404)] }).model;
    expect(await readTokenizer()).toHaveLength(50);
    expect((await tensors.read("first")).bytes).toHaveLength(10);
    await expect(tensors.read("last")).rejects.toMatchObject({ code: "missing-shard", fields: { file: "layers-2.bin", status: 404 } });
  });

  it("stops its downloads when the signal is aborted; later reads have their own", async () => {
    const controller = new AbortController();
    const stuck: Answer = () => new Promise(() => {});
    const { model, requested } = load({ ...served, "layers-1.bin": [stuck, ok(files["layers-1.bin"]!)] }, { signal: controller.signal });
    const { tensors } = await model;
    const reading = tensors.read("first", { signal: controller.signal });
    await vi.waitFor(() => expect(requested()).toHaveLength(4), { interval: 1 });
    controller.abort(new Error("stop"));
    await expect(reading).rejects.toThrow("stop");
    await expect(load(served, { signal: controller.signal }).model).rejects.toThrow("stop");
    expect((await tensors.read("first")).bytes).toHaveLength(10);
  });
});
