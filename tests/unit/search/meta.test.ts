import { describe, expect, it } from "vitest";
import type { BlobReader } from "#core/byte-store.ts";
import { MissingBlobError } from "#core/errors.ts";
import { type IndexMeta, META_FILE, readMeta, writeMeta } from "#search/meta.ts";
import { MemoryStore } from "#storage/memory.ts";

const meta = (generation: number): IndexMeta => ({
  generation,
  settings: { fingerprint: "00", dense: { dim: 4 }, lexical: false, tokens: null, words: false },
  fields: {},
  nextName: 1,
  segments: [],
});

/** Another tab replaces the meta file whenever it has been opened, so often; what was opened cannot be read any more. */
class BusyStore extends MemoryStore {
  left: number;

  constructor(left: number) {
    super();
    this.left = left;
  }

  override async open(name: string): Promise<BlobReader> {
    const reader = await super.open(name);
    if (name !== META_FILE || this.left === 0) return reader;
    await writeMeta(this, meta(100 - --this.left));
    return { ...reader, read: () => Promise.reject(new MissingBlobError(name, this.kind)) };
  }
}

describe("readMeta", () => {
  it("begins again when another tab replaces the file while it is read", async () => {
    const store = new BusyStore(3);
    await writeMeta(store, meta(1));
    expect(await readMeta(store)).toEqual(meta(100));
    expect(store.left).toBe(0);
  });

  it("does not try for ever", async () => {
    const store = new BusyStore(1000);
    await writeMeta(store, meta(1));
    await expect(readMeta(store)).rejects.toMatchObject({ code: "missing-blob" });
  });

  it("gives nothing where there is no index", async () => {
    expect(await readMeta(new MemoryStore())).toBeUndefined();
  });
});
