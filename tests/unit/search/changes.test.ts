/** Changing an index: what is there afterwards, merges, several readers and writers on one store, memory given back. */
import { describe, expect, it } from "vitest";
import { type ByteStore, readBlob } from "#core/byte-store.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex, type OpenIndexOptions } from "#search/hybrid-index.ts";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocument, makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();
const code = (value: string) => expect.objectContaining({ code: value });
const open = (store: ByteStore, options: Partial<OpenIndexOptions> = {}) => HybridIndex.open(store, { settings: SETTINGS, kernels, ...options });
const idsOf = async (index: HybridIndex) => (await index.search(makeQuery(1), { limit: 1000, candidates: 1000, rerank: 1000 })).map(({ id }) => id).sort();

describe("changes", () => {
  it("add, replace and remove, and survive closing", async () => {
    const store = new MemoryStore();
    const index = await open(store);
    await index.add(makeDocuments(20));
    await index.update([makeDocument("doc-5", 77), makeDocument("added", 78)]);
    expect(await index.remove(["doc-0", "doc-1", "nobody", "doc-0"])).toBe(2);
    expect(await index.remove(["doc-0"])).toBe(0);
    expect([index.documents, index.generation]).toEqual([19, 3]);
    expect(await index.get(["doc-5", "doc-0", "added"])).toEqual([{ id: "doc-5", stored: { seed: 77 } }, undefined, { id: "added", stored: { seed: 78 } }]);
    const ids = await idsOf(index);
    await index.close();
    const again = await open(store);
    expect([again.documents, again.generation]).toEqual([19, 3]);
    expect(await idsOf(again)).toEqual(ids);
    await again.add([makeDocument("doc-0", 79)]);
    expect((await again.get(["doc-0"]))[0]?.stored).toEqual({ seed: 79 });
    await again.close();
  });

  it("keep ids of every kind apart", async () => {
    const index = await open(new MemoryStore());
    const ids = ["a", "A", "ä", "a ", " a", "__proto__", "constructor", "🙂", "x".repeat(1024), "a\u0000b", "日本語", "1", "01", "a/b#c?d"];
    await index.add(ids.map((id, seed) => makeDocument(id, seed)));
    expect((await index.get(ids)).map((record) => record?.id)).toEqual(ids);
    expect(await index.remove(["A", "__proto__"])).toBe(2);
    expect((await index.get(ids)).map((record) => record?.id)).toEqual(ids.map((id) => (id === "A" || id === "__proto__" ? undefined : id)));
    await index.close();
  });

  it("do nothing when there is nothing to do", async () => {
    const index = await open(new MemoryStore());
    await index.add([]);
    await index.update([]);
    await index.remove([]);
    await index.optimize();
    expect(index.generation).toBe(0);
    await index.close();
  });

  it("tell their progress, and stop when aborted with nothing changed", async () => {
    const index = await open(new MemoryStore());
    const progress: number[] = [];
    await index.add(makeDocuments(150), {
      onProgress: ({ phase, loaded, total, unit }) => progress.push(phase === "index" && unit === "texts" && total === 150 ? loaded : -1),
    });
    expect(progress).toEqual([64, 128, 150]);

    const abort = new AbortController();
    const reason = new Error("stop");
    const adding = index.add(makeDocuments(300, 2, "late"), {
      signal: abort.signal,
      onProgress: ({ loaded }) => (loaded >= 128 ? abort.abort(reason) : undefined),
    });
    await expect(adding).rejects.toBe(reason);
    expect([index.documents, index.generation]).toEqual([150, 1]);
    await expect(index.remove(["doc-1"], { signal: abort.signal })).rejects.toBe(reason);
    await expect(index.search(makeQuery(1), { signal: abort.signal })).rejects.toBe(reason);
    await index.add(makeDocuments(2, 3, "later"));
    expect(index.documents).toBe(152);
    await index.close();
  });

  it("happen one after the other when they are asked for at once", async () => {
    const index = await open(new MemoryStore());
    await Promise.all([index.add(makeDocuments(5)), index.add(makeDocuments(5, 2, "b")), index.remove(["doc-0"]), index.update(makeDocuments(5, 3, "b"))]);
    expect(index.documents).toBe(9);
    expect((await index.get(["b-0"]))[0]?.stored).toEqual({ seed: 3000 });
    await index.close();
  });
});

describe("merging", () => {
  it("keeps few segments, and changes no score", async () => {
    const index = await open(new MemoryStore());
    const whole = await open(new MemoryStore());
    const documents = makeDocuments(130);
    for (const document of documents) await index.add([document]);
    await whole.add(documents);
    const { segments, deleted } = index.statistics();
    expect(segments).toBeLessThan(16);
    expect(deleted).toBe(0);
    for (let seed = 0; seed < 5; seed++) {
      const hits = await index.search(makeQuery(seed), { limit: 20 });
      // Inverted lists, rows and token records are copied as they are: not one bit differs from having added all at once.
      expect(hits).toEqual(await whole.search(makeQuery(seed), { limit: 20 }));
    }
    await index.optimize();
    expect(index.statistics().segments).toBe(1);
    expect(index.statistics().bytes.lexical).toBe(whole.statistics().bytes.lexical);
    expect(await index.search(makeQuery(6), { limit: 20 })).toEqual(await whole.search(makeQuery(6), { limit: 20 }));
    await index.close();
    await whole.close();
  });

  it("writes the same bytes as adding what is left", async () => {
    const [store, cleanStore] = [new MemoryStore(), new MemoryStore()];
    const [index, clean] = [await open(store), await open(cleanStore)];
    const documents = makeDocuments(60);
    for (let first = 0; first < 60; first += 20) await index.add(documents.slice(first, first + 20));
    await index.remove(["doc-3", "doc-30", "doc-59"]);
    await index.optimize();
    await clean.add(documents.filter(({ id }) => !["doc-3", "doc-30", "doc-59"].includes(id)));
    const blobs = async (from: MemoryStore, part: string) =>
      readBlob(from, (await from.list("segment-")).filter(({ name }) => name.endsWith(part)).at(-1)!.name);
    for (const part of [".documents", ".dense", ".lexical", ".words", ".tokens"]) expect(await blobs(store, part), part).toEqual(await blobs(cleanStore, part));
    await index.close();
    await clean.close();
  });

  it("drops what was deleted, and segments of which nothing is left", async () => {
    const store = new MemoryStore();
    const index = await open(store);
    await index.add(makeDocuments(40));
    await index.add(makeDocuments(3, 2, "few"));
    await index.remove(["few-0", "few-1", "few-2"]);
    expect(index.statistics()).toMatchObject({ documents: 40, deleted: 0, segments: 1 });
    await index.remove(Array.from({ length: 10 }, (_, number) => `doc-${number}`));
    expect(index.statistics()).toMatchObject({ documents: 30, deleted: 10, segments: 1 });
    // More than half is gone: written anew.
    await index.remove(Array.from({ length: 15 }, (_, number) => `doc-${number + 10}`));
    expect(index.statistics()).toMatchObject({ documents: 15, deleted: 0, segments: 1 });
    await index.remove(Array.from({ length: 15 }, (_, number) => `doc-${number + 25}`));
    expect(index.statistics()).toMatchObject({ documents: 0, deleted: 0, segments: 0 });
    expect(await idsOf(index)).toEqual([]);
    await index.add(makeDocuments(2));
    expect((await idsOf(index)).length).toBe(2);
    await index.close();
  });
});

describe("several on one store", () => {
  it("see what others commit when they refresh, and nothing before", async () => {
    const store = new MemoryStore();
    const lock = new MemoryLock();
    const writer = await open(store, { lock });
    const reader = await open(store, { lock });
    await writer.add(makeDocuments(10));
    expect(reader.documents).toBe(0);
    expect(await reader.refresh()).toBe(true);
    expect(await reader.refresh()).toBe(false);
    expect(reader.documents).toBe(10);
    await writer.remove(["doc-3"]);
    expect((await idsOf(reader)).length).toBe(10);
    await reader.refresh();
    expect(await idsOf(reader)).toEqual(await idsOf(writer));
    await reader.close();
    await writer.close();
  });

  it("go on searching while another writes, merges and clears up", async () => {
    const store = new MemoryStore();
    const writer = await open(store);
    const reader = await open(store, { tuning: { cacheBytes: 0 } });
    await writer.add(makeDocuments(10, 1, "first"));
    await reader.refresh();
    // So many generations later the reader's files are gone: it takes over the newest by itself.
    for (let batch = 0; batch < 20; batch++) {
      await writer.update(makeDocuments(10, 2 + batch, "first"));
      expect((await reader.search(makeQuery(batch), { limit: 3 })).length).toBe(3);
    }
    expect((await reader.get(["first-0"]))[0]).toBeDefined();
    expect((await idsOf(reader)).length).toBe(10);
    await reader.close();
    await writer.close();
  });

  it("keeps a search's snapshot whole while its own index changes", async () => {
    const store = new MemoryStore();
    const index = await open(store, { tuning: { cacheBytes: 0 } });
    await index.add(makeDocuments(30));
    const searches = Array.from({ length: 20 }, (_, seed) => index.search(makeQuery(seed), { limit: 30, explain: true }));
    const changes = [index.update(makeDocuments(30, 5)), index.update(makeDocuments(30, 6)), index.optimize(), index.remove(["doc-1"])];
    for (const hits of await Promise.all(searches)) {
      expect(hits.length).toBe(30);
      for (const { id, stored } of hits) expect(stored).toEqual({ seed: 1000 + Number(id.slice(4)) });
    }
    await Promise.all(changes);
    expect(index.documents).toBe(29);
    await index.close();
  });

  it("take turns when they share a lock", async () => {
    const store = new MemoryStore();
    const lock = new MemoryLock();
    const writers = await Promise.all(Array.from({ length: 3 }, () => open(store, { lock })));
    await Promise.all(
      writers.flatMap((writer, number) => [writer.add(makeDocuments(4, number, `w${number}`)), writer.add([makeDocument(`one-${number}`, number)])]),
    );
    await Promise.all(writers.map((writer) => writer.refresh()));
    for (const writer of writers) expect(writer.documents).toBe(15);
    await Promise.all(writers.map((writer) => writer.close()));
  });

  it("refuse to overwrite one another without a lock", async () => {
    const store = new MemoryStore();
    const [one, other] = [await open(store), await open(store)];
    const results = await Promise.allSettled([one.add(makeDocuments(50)), other.add(makeDocuments(50, 2, "other"))]);
    const failed = results.filter((result) => result.status === "rejected").map((result) => result.reason.code);
    expect(failed).toEqual(["index-conflict"]);
    await one.refresh();
    await other.refresh();
    expect([one.documents, other.documents]).toEqual([50, 50]);
    await one.close();
    await other.close();
  });

  it("give back all memory when they close, also during a search", async () => {
    const memory = await Kernels.create();
    const store = new MemoryStore();
    const index = await open(store, { kernels: memory });
    for (let batch = 0; batch < 12; batch++) await index.add(makeDocuments(10, batch, `b${batch}`));
    const searching = index.search(makeQuery(1));
    await index.close();
    expect((await searching).length).toBe(10);
    expect(memory.takenBytes).toBe(0);
    await index.close();
    await expect(index.search(makeQuery(1))).rejects.toEqual(code("disposed"));
    await expect(index.add(makeDocuments(1))).rejects.toEqual(code("disposed"));
    await expect(index.refresh()).rejects.toEqual(code("disposed"));
  });
});
