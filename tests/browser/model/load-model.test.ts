/** Delivery against a real server and the browser's own fetch; what may go wrong with each file. */
import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "#core/progress.ts";
import { loadModel } from "#model/load-model.ts";

const baseUrl = new URL("/", location.href).href;
const faulty = (fault: string) => loadModel(`/faulty-models/${fault}/`, { baseUrl });

/** A tensor of the shard that every encode needs. */
async function readFirst(fault: string): Promise<unknown> {
  const { manifest, tensors } = await faulty(fault);
  return tensors.read(Object.keys(manifest.tensors)[0]!);
}

describe("loadModel in the browser", () => {
  it("reads m3-mini, verified, with progress that only grows", async () => {
    const events: ProgressEvent[] = [];
    const { manifest, tensors, readTokenizer } = await loadModel("m3-mini", { baseUrl, onProgress: (event) => events.push(event) });
    const { bytes } = await tensors.read(Object.keys(manifest.tensors)[0]!);
    expect(bytes.byteLength).toBeGreaterThan(0);
    expect((await readTokenizer()).byteLength).toBe(manifest.tokenizer.bytes);
    const loaded = events.map((event) => event.loaded);
    // How many pieces a file comes in is the network's affair.
    expect(loaded.length).toBeGreaterThan(1);
    expect(loaded.at(-1)).toBeGreaterThanOrEqual(manifest.tokenizer.bytes);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(events.at(-1)!.loaded).toBeLessThanOrEqual(events.at(-1)!.total);
  });

  it.each([
    ["no-manifest", "missing-shard", "404"],
    ["html-manifest", "missing-shard", "HTML page"],
    ["text-manifest", "invalid-manifest", "not JSON"],
    ["newer-format", "invalid-manifest", "99"],
  ])("rejects at once: %s", async (fault, code, text) => {
    await expect(faulty(fault)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it.each([
    ["no-shard", "missing-shard", "404"],
    ["html-shard", "missing-shard", "HTML page"],
    ["short-shard", "corrupt-shard", "bytes"],
    ["flipped-bit", "corrupt-shard", "SHA-256"],
  ])("rejects whoever reads the file: %s", async (fault, code, text) => {
    await expect(readFirst(fault)).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });

  it("tells when there is no server", async () => {
    await expect(loadModel("https://localhost:1/m/", { baseUrl, retryDelayMs: 1 })).rejects.toMatchObject({
      code: "missing-shard",
      message: expect.stringContaining("could not be reached"),
    });
  });
});
