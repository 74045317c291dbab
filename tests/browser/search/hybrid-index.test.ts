/** The index on the browser's stores, and a worker that is ended at every write of a change. */
import { expect, it } from "vitest";
import type { ByteStore } from "#core/byte-store.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { IndexedDbStore } from "#storage/indexeddb.ts";
import { WebLock } from "#storage/locks.ts";
import { OpfsStore } from "#storage/opfs.ts";
import { ExactIndex } from "../../unit/search/exact-search.ts";
import { expectHits } from "../../unit/search/expect-hits.ts";
import { type FullDocument, makeDocuments, makeQuery, SETTINGS } from "../../unit/search/fixtures.ts";
import type { Doom } from "./doomed.worker.ts";

const kernels = await Kernels.create();

async function holds(store: ByteStore, documents: readonly FullDocument[], lock?: { readonly name: string }): Promise<void> {
  const index = await HybridIndex.open(store, { settings: SETTINGS, kernels, ...(lock ? { name: lock.name, lock: new WebLock() } : {}) });
  const exact = new ExactIndex();
  for (const document of documents) exact.documents.set(document.id, document);
  expect(index.documents).toBe(documents.length);
  expect((await index.get(documents.map(({ id }) => id))).map((record) => record?.stored)).toEqual(documents.map(({ stored }) => stored));
  const { words: _, ...query } = makeQuery(1);
  expectHits(await index.search(query, { limit: 100, candidates: 1000, rerank: 1000 }), exact.search(query), 100);
  await index.close();
}

const stores: readonly [string, () => Promise<ByteStore>][] = [
  ["the private file system", () => OpfsStore.open(["tests", crypto.randomUUID()])],
  ["IndexedDB", () => IndexedDbStore.open(`tests/${crypto.randomUUID()}`)],
];

it.each(stores)("searches and changes an index in %s", async (_name, open) => {
  const store = await open();
  const index = await HybridIndex.open(store, { settings: SETTINGS, kernels });
  const documents = makeDocuments(60);
  for (let first = 0; first < 60; first += 6) await index.add(documents.slice(first, first + 6));
  await index.remove(["doc-7", "doc-8"]);
  await index.optimize();
  await index.close();
  await holds(
    store,
    documents.filter(({ id }) => id !== "doc-7" && id !== "doc-8"),
  );
  expect((await store.list()).length).toBeLessThan(25);
  store.close();
});

it("is whole after its worker was ended at any write of a change", async () => {
  const before = makeDocuments(12);
  const after = [...makeDocuments(5, 4), ...before.slice(5), ...makeDocuments(3, 5, "new")];
  const root = crypto.randomUUID();
  let made = 0;
  let lost = 0;
  for (let stopAt = 1; ; stopAt++) {
    const path = ["tests", root, `${stopAt}`];
    const store = await OpfsStore.open(path);
    const index = await HybridIndex.open(store, { settings: SETTINGS, kernels });
    await index.add(before);
    await index.close();

    const worker = new Worker(new URL("./doomed.worker.ts", import.meta.url), { type: "module" });
    const outcome = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ path, stopAt } satisfies Doom);
    });
    worker.terminate();

    const reopened = await HybridIndex.open(store, { settings: SETTINGS, kernels });
    const { generation } = reopened;
    await reopened.close();
    expect([1, 2], `generation after write ${stopAt}`).toContain(generation);
    await holds(store, generation === 1 ? before : after);
    if (generation === 1) lost++;
    else made++;
    if (outcome === "done") break;
    if (generation === 2) continue;
    // The ended worker's lock is free again, and its left-overs do no harm.
    const again = await HybridIndex.open(store, { settings: SETTINGS, kernels, name: path.join("/"), lock: new WebLock() });
    await again.update([...makeDocuments(5, 4), ...makeDocuments(3, 5, "new")]);
    await again.close();
    await holds(store, after);
  }
  expect(lost).toBeGreaterThan(10);
  expect(made).toBe(1);
});
