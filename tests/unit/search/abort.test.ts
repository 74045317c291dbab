/** A change that is aborted whenever it turns to the store: it happens as a whole or not at all, and the index goes on. */
import { expect, it } from "vitest";
import { type ByteStore, readBlob, writeBlob } from "#core/byte-store.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MERGE_FACTOR } from "#search/merge-policy.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();

/** Calls `onStep` before each thing that is done to the store, reads of an open blob aside. */
function watched(store: ByteStore, onStep: () => void): ByteStore {
  const step = <T>(action: () => T): T => {
    onStep();
    return action();
  };
  return {
    kind: store.kind,
    size: (name) => step(() => store.size(name)),
    list: (prefix) => step(() => store.list(prefix)),
    remove: (name) => step(() => store.remove(name)),
    open: (name) => step(() => store.open(name)),
    create: async (name) => {
      const writer = await step(() => store.create(name));
      return {
        get bytes() {
          return writer.bytes;
        },
        append: (chunk) => step(() => writer.append(chunk)),
        commit: () => step(() => writer.commit()),
        abort: () => writer.abort(),
      };
    },
    close: () => undefined,
  };
}

it("leaves all or nothing, wherever it is aborted, merges included", async () => {
  const reason = new Error("stop");
  let [rejected, done] = [0, 0];
  // The change that is aborted is the eighth of its size, so that it ends in a merge.
  const seven = new MemoryStore();
  const before = await HybridIndex.open(seven, { settings: SETTINGS, kernels });
  for (let change = 1; change < MERGE_FACTOR; change++) await before.add(makeDocuments(1, change, `change${change}`));
  await before.close();
  for (let stopAt = 1, isOver = false; !isOver; stopAt++) {
    const store = new MemoryStore();
    for (const { name } of await seven.list()) await writeBlob(store, name, await readBlob(seven, name));
    const abort = new AbortController();
    let left = Number.POSITIVE_INFINITY;
    const index = await HybridIndex.open(
      watched(store, () => --left === 0 && abort.abort(reason)),
      { settings: SETTINGS, kernels },
    );
    left = stopAt;
    const error = await index.add(makeDocuments(3, 20), { signal: abort.signal }).catch((caught: unknown) => caught);
    isOver = left > 0;
    left = Number.POSITIVE_INFINITY;
    if (error === undefined) done++;
    else rejected++;
    expect(error === undefined || error === reason).toBe(true);
    const documents = MERGE_FACTOR - 1 + (error === undefined ? 3 : 0);
    expect(index.documents).toBe(documents);
    expect((await index.search(makeQuery(1), { limit: 50 })).length).toBe(documents);
    await index.add(makeDocuments(2, 30, "after"));
    await index.optimize();
    expect(index.statistics()).toMatchObject({ documents: documents + 2, segments: 1 });
    await index.add(makeDocuments(1, 40, "last"));
    // Two segments of five files, meta, and what the state before named.
    expect((await store.list()).length).toBeLessThanOrEqual(11 + 5);
    await index.close();
  }
  expect(rejected).toBeGreaterThan(10);
  expect(done).toBeGreaterThan(10);
  expect(kernels.takenBytes).toBe(0);
});

it("lets searches in while it writes and merges", async () => {
  const store = new MemoryStore();
  let searches: Promise<unknown>[] = [];
  let index: HybridIndex | undefined;
  const opened = await HybridIndex.open(
    watched(store, () => {
      // At each step of a change somebody searches; the searches' own steps start no others.
      if (index && searches.length < 200) {
        const searched = index;
        index = undefined;
        searches.push(
          searched.search(makeQuery(2), { limit: 100 }).then((hits) => {
            index = searched;
            return hits.length;
          }),
        );
      }
    }),
    { settings: SETTINGS, kernels },
  );
  for (let change = 0; change < 9; change++) {
    await opened.add(makeDocuments(4, change, `change${change}`));
    index = opened;
  }
  index = undefined;
  const found = await Promise.all(searches);
  searches = [];
  expect(found.length).toBeGreaterThan(10);
  // Every search saw a state between changes: fours of documents.
  expect(found.every((count) => typeof count === "number" && count > 0 && count % 4 === 0)).toBe(true);
  await opened.close();
});

it("keeps the number of segments in step with the logarithm of the number of changes", async () => {
  const index = await HybridIndex.open(new MemoryStore(), { settings: { ...SETTINGS, tokens: null, words: false }, kernels });
  for (let change = 1; change <= 200; change++) {
    await index.add(makeDocuments(1, change, `change${change}`));
    const tiers = Math.floor(Math.log(change) / Math.log(MERGE_FACTOR)) + 1;
    expect(index.statistics().segments).toBeLessThan(MERGE_FACTOR * tiers);
  }
  await index.close();
});
