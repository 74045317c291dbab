/** 1-bit sketches of token vectors: made of what is stored, always the same, and only choosing whose vectors are read. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import { joinTokens, restoreTokens, toBits } from "#scoring/maxsim/token-matrix.ts";
import { ByteCache } from "#search/format/byte-cache.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { TokenFile } from "#search/vectors/token-file.ts";
import { encodeTokens, sketchOf, toMatrix } from "#search/vectors/token-record.ts";
import { MemoryStore } from "#storage/memory.ts";
import { CountingStore } from "../../../bench/index/stores.ts";
import { seededRandom, unitVectors } from "../scoring/random.ts";
import { ExactIndex } from "./exact-search.ts";
import { makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

describe("a sketch", () => {
  it.each([16, 20, 128])("is the signs and factors of an int8 record's vectors, %i wide", (dim) => {
    const vectors = { data: unitVectors(7, dim, seededRandom(dim)), tokens: 7, dim };
    const { record } = encodeTokens(vectors, { dim, form: "int8", pooling: 1 });
    const counts = Uint32Array.of(7);
    const restored = restoreTokens(toMatrix("int8", dim, counts, [record]));
    expect(toMatrix("bits", dim, counts, [sketchOf(record, dim)])).toEqual({ ...toBits(restored), kind: "bits" });
  });

  it("takes vectors as long as the door lets in, and none at all", () => {
    const long = joinTokens([{ data: Float32Array.from({ length: 16 }, () => 1.01 / 4), tokens: 1, dim: 16 }], 16);
    const { record } = encodeTokens({ data: long.values, tokens: 1, dim: 16 }, { dim: 16, form: "int8", pooling: 1 });
    expect(sketchOf(record, 16).length).toBe(2 + 2 + 4);
    const none = encodeTokens({ data: new Float32Array(), tokens: 0, dim: 16 }, { dim: 16, form: "int8", pooling: 1 });
    expect(sketchOf(none.record, 16).length).toBe(4);
  });
});

describe("an index with sketches", () => {
  it("gives hits whose ColBERT score comes from the vectors, and reads few of these", async () => {
    const documents = makeDocuments(300);
    const exact = new ExactIndex();
    for (const document of documents) exact.documents.set(document.id, document);
    const store = new CountingStore(new MemoryStore());
    const writer = await HybridIndex.open(store, { settings: SETTINGS });
    await writer.add(documents);
    await writer.close();
    const tokensRead = async (rescore: number) => {
      const index = await HybridIndex.open(store, { settings: SETTINGS });
      const before = store.bytesOf("tokens");
      for (let seed = 0; seed < 4; seed++) {
        const truth = new Map(exact.search(makeQuery(seed)).map((hit) => [hit.id, hit]));
        for (const { id, parts } of await index.search(makeQuery(seed), { limit: 5, rescore }))
          expect(Math.abs(parts.colbert! - truth.get(id)!.parts.colbert!), id).toBeLessThan(0.01);
      }
      await index.close();
      return store.bytesOf("tokens") - before;
    };
    expect(await tokensRead(5)).toBeLessThan(0.8 * (await tokensRead(200)));
  });

  it("finds with them nearly what it finds without", async () => {
    const index = await HybridIndex.open(new MemoryStore(), { settings: SETTINGS });
    await index.add(makeDocuments(400));
    let same = 0;
    for (let seed = 0; seed < 20; seed++) {
      const all = await index.search(makeQuery(seed), { rescore: 200 });
      const few = new Set((await index.search(makeQuery(seed))).map(({ id }) => id));
      same += all.filter(({ id }) => few.has(id)).length;
    }
    // Of 200; the same in every run. Vectors of 16 random numbers are the worst case of a sketch.
    expect(same).toBeGreaterThanOrEqual(194);
    await index.close();
  });

  it("needs none: segments of before get theirs when they are merged", async () => {
    const folder = path.resolve(import.meta.dirname, "../../fixtures/index-v1/int8");
    const store = new MemoryStore();
    for (const name of readdirSync(folder)) if (name !== "expected.json") await writeBlob(store, name, readFileSync(path.join(folder, name)));
    const { settings } = JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8"));
    const index = await HybridIndex.open(store, { settings });
    const sketched = async () => {
      const names = (await store.list("segment-")).filter(({ name }) => name.endsWith(".tokens"));
      return await Promise.all(names.map(async ({ name }) => (await TokenFile.open(store, name, new ByteCache(0))).hasSketches));
    };
    // Without words: what BM25 knows of deleted documents goes with a merge.
    const { words: _, ...query } = makeQuery(3);
    const before = await index.search(query, { limit: 30, rescore: 30 });
    expect(await sketched()).not.toContain(true);
    const few = await index.search(query, { limit: 4, rescore: 4 });
    expect(few).toEqual(before.slice(0, 4));
    await index.add(makeDocuments(3, 7, "new"));
    expect(await sketched()).toContain(true);
    expect((await index.search(query, { limit: 4, rescore: 4 })).every(({ parts }) => parts.colbert !== null)).toBe(true);
    await index.remove(["new-0", "new-1", "new-2"]);
    await index.optimize();
    expect(index.statistics().segments).toBe(1);
    // The newest; files of the state before stay until the next change.
    expect((await sketched()).at(-1)).toBe(true);
    expect(await index.search(query, { limit: 30, rescore: 30 })).toEqual(before);
    await index.close();
  });

  it("are the same whether documents came at once or were merged", async () => {
    const documents = makeDocuments(40);
    const tokens = async (batch: number) => {
      const store = new MemoryStore();
      const index = await HybridIndex.open(store, { settings: SETTINGS });
      for (let first = 0; first < 40; first += batch) await index.add(documents.slice(first, first + batch));
      await index.optimize();
      await index.close();
      const files = (await store.list("segment-")).filter(({ name }) => name.endsWith(".tokens"));
      return await readBlob(store, files.at(-1)!.name);
    };
    expect(await tokens(9)).toEqual(await tokens(40));
  });
});
