/** Indexes as they were ever written, by every format version and before and after each addition to it: they open for ever, and give what they gave. See tools/make-index-fixture.ts. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeBlob } from "#core/byte-store.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import type { Hit } from "#search/search.ts";
import { MemoryStore } from "#storage/memory.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");
const EXPECTED = "expected.json";

async function load(folder: string): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const name of readdirSync(folder)) if (name !== EXPECTED) await writeBlob(store, name, readFileSync(path.join(folder, name)));
  return store;
}

const rounded = (hits: readonly Hit[]) =>
  hits.map(({ id, stored, score, parts }) => ({ id, stored, score: score.toFixed(4), colbert: parts.colbert?.toFixed(3) }));

describe.each(["index-v1/int8", "index-v1/bits", "index-v1-sketches/int8", "index-v1-sketches/bits"])("%s", (name) => {
  const folder = path.join(fixtures, name);
  const { settings, query, hits, filtered } = JSON.parse(readFileSync(path.join(folder, EXPECTED), "utf8"));
  const asked = { ...query, dense: Float32Array.from(query.dense), colbert: { ...query.colbert, data: Float32Array.from(query.colbert.data) } };
  // Of their own: the defaults may change, what an old index finds may not.
  const weights = [0.4, 0.2, 0.4] as const;
  const filter = { lang: "de", year: { min: 2004 }, tags: { in: ["a", "c"] } };

  it("opens and finds what it found", async () => {
    const index = await HybridIndex.open(await load(folder), { settings });
    expect(index.documents).toBe(30);
    expect(rounded(await index.search(asked, { limit: 8, weights }))).toEqual(rounded(hits));
    expect(rounded(await index.search(asked, { limit: 8, weights, filter }))).toEqual(rounded(filtered));
    expect(filtered.length).toBeGreaterThan(0);
    await index.close();
  });

  it("can be changed and merged", async () => {
    const index = await HybridIndex.open(await load(folder), { settings });
    const [first] = await index.search(asked, { limit: 1 });
    await index.remove([first!.id]);
    await index.optimize();
    expect(index.statistics()).toMatchObject({ documents: 29, deleted: 0, segments: 1 });
    expect((await index.search(asked, { limit: 1 }))[0]?.id).not.toBe(first!.id);
    await index.close();
  });
});
