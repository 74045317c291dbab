/** Heads in the place of a model's own, and what is kept of them. */
import { describe, expect, it } from "vitest";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import { type HeadNumbers, packHeads, readStoredHeads, removeStoredHeads, storeHeads, withHeads } from "#model/adapted-heads.ts";
import { MemoryStore } from "#storage/memory.ts";
import { manifest as tiny } from "./tiny-artefact.ts";

const place = [{ shard: 0, offset: 0, length: 0 }];
const manifest: Manifest = {
  ...tiny,
  heads: {
    dense: { pooling: "mean" },
    lexical: { layers: [{ tensor: "sparse_linear", inputs: 4, outputs: 1, activation: "relu" }] },
    colbert: { layers: [{ tensor: "colbert_linear", inputs: 4, outputs: 2, activation: "none" }], dim: 2 },
  },
  tensors: {
    ...tiny.tensors,
    "sparse_linear.weight": { dtype: "F32", shape: [1, 4], parts: place },
    "sparse_linear.bias": { dtype: "F32", shape: [1], parts: place },
    "colbert_linear.weight": { dtype: "F32", shape: [2, 4], parts: place },
    "colbert_linear.bias": { dtype: "F32", shape: [2], parts: place },
  },
};
const own = { dtype: "U8" as const, shape: [1], bytes: Uint8Array.of(7) };
let released = 0;
const model: LoadedModel = { manifest, tensors: { read: async () => own, release: () => released++ }, readTokenizer: async () => Uint8Array.of(1, 2) };

const tensor = (name: string, ...shape: number[]): HeadNumbers => ({
  name,
  shape,
  values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => at + 0.25),
});
const heads = [tensor("sparse_linear.weight", 1, 4), tensor("sparse_linear.bias", 1), tensor("colbert_linear.weight", 2, 4), tensor("colbert_linear.bias", 2)];

describe("a model with other heads", () => {
  it("reads them instead of its own, and everything else as before", async () => {
    const adapted = await withHeads(model, packHeads(heads));
    const { dtype, shape, bytes } = await adapted.tensors.read("colbert_linear.weight");
    expect([dtype, shape]).toEqual(["F32", [2, 4]]);
    expect(new Float32Array(Uint8Array.from(bytes).buffer)).toEqual(heads[2]!.values);
    expect(await adapted.tensors.read("first")).toBe(own);
    expect(await adapted.readTokenizer()).toEqual(Uint8Array.of(1, 2));
    adapted.tensors.release();
    expect(released).toBe(1);
    expect(adapted.manifest).toEqual({ ...manifest, fingerprint: adapted.manifest.fingerprint });
  });

  it("has a fingerprint that changes with the heads and with the model, and with nothing else", async () => {
    const of = async (tensors: readonly HeadNumbers[], base = model) => (await withHeads(base, packHeads(tensors))).manifest.fingerprint;
    const one = await of(heads);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await of([...heads].reverse())).toBe(one);
    const changed = heads.map(({ values, ...rest }) => ({ ...rest, values: values.map((value) => value * 2) }));
    const other = { ...model, manifest: { ...manifest, fingerprint: "cd".repeat(32) } };
    expect(new Set([manifest.fingerprint, one, await of(changed), await of(heads, other)]).size).toBe(4);
  });

  it.each([
    ["too few", heads.slice(1)],
    ["another shape", [...heads.slice(0, 2), tensor("colbert_linear.weight", 4, 2), heads[3]!]],
    ["another name", [...heads.slice(0, 3), tensor("colbert.bias", 2)]],
    ["numbers that are none", [...heads.slice(0, 3), { name: "colbert_linear.bias", shape: [2], values: Float32Array.of(0, Number.NaN) }]],
  ])("refuses %s", async (_, tensors) => {
    await expect(withHeads(model, packHeads(tensors))).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringContaining("adapted heads") });
  });

  it("refuses a file that is cut, or none", async () => {
    for (const bytes of [packHeads(heads).slice(0, -1), packHeads(heads).slice(0, 20), new Uint8Array(4)]) {
      await expect(withHeads(model, bytes)).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringContaining("damaged") });
    }
  });
});

describe("stored heads", () => {
  const base = "ab".repeat(32);

  it("come back as they were, a model's apart from another's, until they are removed", async () => {
    const store = new MemoryStore();
    expect(await readStoredHeads(store, base)).toBeUndefined();
    await storeHeads(store, base, packHeads(heads));
    expect(await readStoredHeads(store, base)).toEqual(packHeads(heads));
    expect(await readStoredHeads(store, "cd".repeat(32))).toBeUndefined();
    await writeBlob(store, `t-${base.slice(0, 16)}-128-one.states`, Uint8Array.of(1));
    await writeBlob(store, "f-another", Uint8Array.of(1));
    await removeStoredHeads(store, base);
    expect((await store.list()).map(({ name }) => name)).toEqual(["f-another"]);
  });

  it("are told to be damaged when they are", async () => {
    const store = new MemoryStore();
    await storeHeads(store, base, packHeads(heads));
    const blob = await readBlob(store, `h-${base}`);
    blob[blob.length - 1]! ^= 1;
    await writeBlob(store, `h-${base}`, blob);
    expect(await readStoredHeads(store, base)).toBe("damaged");
    await writeBlob(store, `h-${base}`, blob.subarray(0, 10));
    expect(await readStoredHeads(store, base)).toBe("damaged");
  });
});
