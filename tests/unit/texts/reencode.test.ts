/** An index of texts under another model: read as it is, then encoded again as a whole. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ProgressEvent } from "#core/progress.ts";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { TextIndex } from "#texts/text-index.ts";
import { helpPages, type Opened, openMini } from "./open-text-index.ts";

let mini: Opened;
beforeAll(async () => {
  mini = await openMini();
});

const pages = helpPages("en", 6).map((page) => ({ ...page, text: page.text.slice(0, 700) }));
const call = () => ({ encoder: mini.encoder });

/** An index that another model made: its vectors are as good as any, for only the fingerprint tells. */
async function foreign() {
  const parts = { store: new MemoryStore(), lock: new MemoryLock() };
  const other = { ...mini.manifest, fingerprint: "0".repeat(64) };
  const index = await TextIndex.open({ name: "help", shape: { colbert: "bits", passageTokens: 64 } }, { ...parts, manifest: other });
  await index.add(pages, { ...call(), kind: "add", key: "first" });
  await index.close();
  const shape = { passageTokens: 64 };
  const open = (how: { readonly foreign?: boolean }) => TextIndex.open({ name: "help", shape }, { ...parts, ...how, manifest: mini.manifest });
  return { ...parts, other, open };
}

describe("an index of another model", () => {
  it("is refused, can be read where that is asked for, and is the model's own when it was encoded again", async () => {
    const { open, other } = await foreign();
    await expect(open({})).rejects.toMatchObject({ code: "index-mismatch", message: expect.stringContaining("reencode") });
    const index = await open({ foreign: true });
    expect(index.fingerprint).toBe(other.fingerprint);
    const documents = async () => {
      const all = [];
      for await (const some of index.documents()) all.push(...some);
      return all;
    };
    expect(await documents()).toEqual(pages);
    const before = await index.info();
    const events: ProgressEvent[] = [];
    await index.reencode(mini.manifest, { ...call(), onProgress: (event) => events.push(event) });
    expect(index.fingerprint).toBe(mini.manifest.fingerprint);
    expect(await documents()).toEqual(pages);
    const after = await index.info();
    expect(after).toMatchObject({ documents: before.documents, passages: before.passages, fields: before.fields });
    // As it was made: one bit a number.
    expect(after.bytes.tokens).toBe(before.bytes.tokens);
    expect((await index.search("Turn on sticky keys", { limit: 1 }, call())).hits).toHaveLength(1);
    expect(events.slice(0, -2).every(({ documents: count }) => count?.committed === 0)).toBe(true);
    expect(events.at(-1)).toMatchObject({ documents: { committed: 6, total: 6 } });
    expect(events.at(-1)!.loaded).toBe(events.at(-1)!.total);
    // Nothing is left to be done.
    const { generation } = await index.info();
    await index.reencode(mini.manifest, { encoder: Object.create(null) });
    expect((await index.info()).generation).toBe(generation);
    await index.close();
    expect((await open({})).fingerprint).toBe(mini.manifest.fingerprint);
  });

  it("is what it was when that is aborted", async () => {
    const { open, other } = await foreign();
    const index = await open({ foreign: true });
    const controller = new AbortController();
    const reencoding = index.reencode(mini.manifest, { ...call(), signal: controller.signal, onProgress: ({ loaded }) => loaded > 0 && controller.abort() });
    await expect(reencoding).rejects.toMatchObject({ name: "AbortError" });
    expect(index.fingerprint).toBe(other.fingerprint);
    expect(await index.get([pages[2]!.id])).toEqual([pages[2]]);
    await index.reencode(mini.manifest, call());
    expect(index.fingerprint).toBe(mini.manifest.fingerprint);
    await index.close();
  });
});
