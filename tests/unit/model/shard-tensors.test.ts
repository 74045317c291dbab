import { describe, expect, it, vi } from "vitest";
import type { FileEntry } from "#core/manifest.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { ShardTensors } from "#model/shard-tensors.ts";
import { files, manifest } from "./tiny-artefact.ts";

function tensors(read: (entry: FileEntry, signal: AbortSignal) => Promise<Uint8Array> = async (entry) => files[entry.file]!) {
  const readShard = vi.fn(read);
  const requested = () => readShard.mock.calls.map(([entry]) => entry.file);
  return { requested, source: new ShardTensors(manifest, readShard) };
}

describe("ShardTensors", () => {
  it("gives a tensor as a view of its shard", async () => {
    const { source, requested } = tensors();
    const tensor = await source.read("first");
    expect(tensor).toMatchObject({ dtype: "U8", shape: [10] });
    expect(tensor.bytes).toEqual(files["layers-1.bin"]!.slice(100, 110));
    expect(tensor.bytes.buffer).toBe(files["layers-1.bin"]!.buffer);
    expect(requested()).toEqual(["layers-1.bin"]);
  });

  it("joins a tensor that lies in two shards", async () => {
    const { bytes } = await tensors().source.read("split");
    expect([...bytes]).toEqual([...files["layers-1.bin"]!.slice(380, 400), ...files["layers-2.bin"]!.slice(5, 15)]);
  });

  it("finds a page of the embedding table, and reads no other", async () => {
    const { source, requested } = tensors();
    const page = await source.read(pageTensorName(1, ""));
    expect(page).toMatchObject({ dtype: "F32", shape: [2, 4] });
    expect(page.bytes).toEqual(files["page-1.bin"]!.slice(8));
    expect(requested()).toEqual(["page-1.bin"]);
  });

  it("reads a shard once for all who ask, together or later", async () => {
    const { source, requested } = tensors();
    await Promise.all([source.read("first"), source.read("split"), source.prefetch(3)]);
    await source.read("last");
    expect(requested()).toEqual(["layers-1.bin", "layers-2.bin"]);
  });

  it("keeps the last shards only of those that a store has, and all of those that it does not", async () => {
    const requested: string[] = [];
    const read = async (entry: FileEntry) => {
      requested.push(entry.file);
      return files[entry.file]!;
    };
    const recentBytes = manifest.shards[0]!.bytes;
    const stored = new ShardTensors(manifest, read, { isAtHand: async () => true, recentBytes });
    for (const shard of [0, 0, 1, 0]) await stored.prefetch(shard);
    const [first, second] = manifest.shards.map(({ file }) => file);
    expect(requested).toEqual([first, second, first]);
    requested.length = 0;
    const downloaded = new ShardTensors(manifest, read, { recentBytes });
    for (const shard of [0, 0, 1, 0]) await downloaded.prefetch(shard);
    expect(requested).toEqual([first, second]);
  });

  it("reads again after release", async () => {
    const { source, requested } = tensors();
    await source.read("first");
    source.release();
    await source.read("first");
    expect(requested()).toEqual(["layers-1.bin", "layers-1.bin"]);
  });

  it("does not remember a failure", async () => {
    let times = 0;
    const { source, requested } = tensors(async (entry) => {
      if (times++ === 0) throw new Error("no network");
      return files[entry.file]!;
    });
    const together = await Promise.allSettled([source.read("first"), source.read("first")]);
    expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect((await source.read("first")).bytes).toHaveLength(10);
    expect(requested()).toHaveLength(2);
  });

  it("goes on reading for the others when one gives up, and starts anew when all had", async () => {
    const signals: AbortSignal[] = [];
    const finish: (() => void)[] = [];
    const { source, requested } = tensors((entry, signal) => {
      signals.push(signal);
      return new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        finish.push(() => resolve(files[entry.file]!));
      });
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = source.read("first", { signal: one.signal });
    const second = source.read("first", { signal: two.signal });
    one.abort(new Error("one"));
    await expect(first).rejects.toThrow("one");
    expect(signals[0]?.aborted).toBe(false);
    two.abort(new Error("two"));
    await expect(second).rejects.toThrow("two");
    expect(signals[0]?.aborted).toBe(true);

    const third = source.read("first");
    finish[1]?.();
    expect((await third).bytes).toHaveLength(10);
    await source.read("first");
    expect(requested()).toHaveLength(2);
  });

  it("names a tensor that the manifest does not list", async () => {
    await expect(tensors().source.read("third")).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringContaining("third") });
    await expect(tensors().source.read("toString")).rejects.toMatchObject({ code: "invalid-manifest" });
    await expect(tensors().source.read(pageTensorName(2, ""))).rejects.toMatchObject({ code: "invalid-manifest" });
  });
});
