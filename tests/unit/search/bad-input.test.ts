/** What callers get wrong, and what disks do: typed errors, and an index that is as it was before. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import type { IndexSettings } from "#search/settings.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocument, makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();
const code = (value: string) => expect.objectContaining({ code: value });
const at = (path: string) => expect.objectContaining({ code: "invalid-input", fields: expect.objectContaining({ path: expect.stringContaining(path) }) });

let store: MemoryStore;
let index: HybridIndex;

beforeEach(async () => {
  store = new MemoryStore();
  index = await HybridIndex.open(store, { settings: SETTINGS, kernels });
  await index.add(makeDocuments(10));
});

afterEach(async () => {
  expect(index.generation).toBe(1);
  expect((await index.search(makeQuery(1), { limit: 20 })).length).toBe(10);
  await index.close();
});

describe("documents", () => {
  const document = makeDocument("fresh", 1);
  const { dense, colbert } = document;
  const nan = (values: Float32Array) => values.map((value, place) => (place === 3 ? Number.NaN : value));
  const wrong: readonly [what: string, change: object, path: string][] = [
    ["no id", { id: undefined }, "documents[0].id"],
    ["an empty id", { id: "" }, "documents[0].id"],
    ["an id that is too long", { id: "ä".repeat(513) }, "documents[0].id"],
    ["an id with half a character", { id: "a\ud800" }, "documents[0].id"],
    ["no dense vector", { dense: undefined }, "documents[0].dense"],
    ["a dense vector of another width", { dense: new Float32Array(31) }, "documents[0].dense"],
    ["a dense vector of doubles", { dense: [...dense] }, "documents[0].dense"],
    ["a dense vector with NaN", { dense: nan(dense) }, "documents[0].dense"],
    ["a dense vector with infinity", { dense: dense.map(() => Number.POSITIVE_INFINITY) }, "documents[0].dense"],
    ["a dense vector that is not normalised", { dense: dense.map((value) => value * 3) }, "documents[0].dense"],
    ["no lexical weights", { lexical: undefined }, "documents[0].lexical"],
    ["lexical weights of words", { lexical: { hello: 1 } }, 'documents[0].lexical["hello"]'],
    ["a negative lexical weight", { lexical: { 5: -1 } }, 'documents[0].lexical["5"]'],
    ["a lexical weight of NaN", { lexical: { 5: Number.NaN } }, 'documents[0].lexical["5"]'],
    ["no token vectors", { colbert: undefined }, "documents[0].colbert"],
    ["token vectors of another width", { colbert: { ...colbert, dim: 8 } }, "documents[0].colbert"],
    ["fewer token vectors than told", { colbert: { ...colbert, tokens: colbert.tokens + 1 } }, "documents[0].colbert"],
    ["token vectors with NaN", { colbert: { data: nan(new Float32Array(32)), tokens: 2, dim: 16 } }, "documents[0].colbert"],
    ["no words", { words: undefined }, "documents[0].words"],
    ["words that are no ids", { words: ["a"] }, "documents[0].words[0]"],
    ["a field of another type than before", { fields: { year: "2001" } }, "documents[0].fields.year"],
    ["a field of an object", { fields: { place: { x: 1 } } }, "documents[0].fields.place"],
    ["a field of NaN", { fields: { year: Number.NaN } }, "documents[0].fields.year"],
    ["a field with a strange name", { fields: { "a b": 1 } }, "documents[0].fields.a b"],
    ["a field called __proto__", { fields: JSON.parse('{"__proto__": 1}') }, "documents[0].fields.__proto__"],
    ["a stored value that is no JSON", { stored: () => 1 }, "documents[0].stored"],
    ["a stored value that contains itself", { stored: cycle() }, "documents[0].stored"],
  ];
  for (const [what, change, path] of wrong) {
    it(`with ${what} are refused`, async () => {
      const bad = { ...document, ...change };
      await expect(index.add([bad] as never)).rejects.toEqual(at(path));
      await expect(index.update([bad] as never)).rejects.toEqual(at(path));
    });
  }

  it("are all refused when one of them is wrong", async () => {
    await expect(index.add([document, { ...document, id: "" }])).rejects.toEqual(at("documents[1].id"));
    await expect(index.add("document" as never)).rejects.toEqual(at("documents"));
  });

  it("with an id that is there already, or twice in the list, are refused", async () => {
    await expect(index.add([document, makeDocument("doc-3", 5)])).rejects.toMatchObject({ code: "duplicate-document", fields: { id: "doc-3" } });
    await expect(index.add([document, document])).rejects.toMatchObject({ code: "duplicate-document", fields: { id: "fresh" } });
    await expect(index.update([document, document])).rejects.toEqual(code("duplicate-document"));
  });

  it("to be removed need ids", async () => {
    await expect(index.remove("doc-1" as never)).rejects.toEqual(at("ids"));
    await expect(index.remove(["doc-1", 5 as never])).rejects.toEqual(at("ids[1]"));
  });
});

describe("queries", () => {
  it("are refused with the path of what is wrong", async () => {
    const query = makeQuery(1);
    await expect(index.search({})).rejects.toEqual(at("query"));
    await expect(index.search({ colbert: query.colbert })).rejects.toEqual(at("query"));
    await expect(index.search({ dense: new Float32Array(5) })).rejects.toEqual(at("query.dense"));
    await expect(index.search({ dense: query.dense.map(() => Number.NaN) })).rejects.toEqual(at("query.dense"));
    await expect(index.search({ lexical: { 5: Number.NaN } })).rejects.toEqual(at("query.lexical"));
    await expect(index.search({ ...query, colbert: { ...query.colbert, dim: 8 } })).rejects.toEqual(at("query.colbert"));
    await expect(index.search({ words: [-1] })).rejects.toEqual(at("query.words"));
    for (const limit of [-1, 1.5, Number.NaN, 1e9, "10"])
      await expect(index.search(query, { limit: limit as number }), `${limit}`).rejects.toEqual(at("options.limit"));
    await expect(index.search(query, { candidates: 0 })).rejects.toEqual(at("options.candidates"));
    await expect(index.search(query, { rerank: -5 })).rejects.toEqual(at("options.rerank"));
    await expect(index.search(query, { fusion: "best" as never })).rejects.toEqual(at("options.fusion"));
    await expect(index.search(query, { weights: "best" as never })).rejects.toEqual(at("options.weights"));
  });

  it("may not filter by what is no field, or no condition", async () => {
    const query = makeQuery(1);
    const filters: readonly [filter: unknown, path: string][] = [
      [{ colour: "red" }, "options.filter.colour"],
      [{ constructor: "x" }, "options.filter.constructor"],
      [{ year: "2001" }, "options.filter.year"],
      [{ year: { in: [2001, "2002"] } }, "options.filter.year.in[1]"],
      [{ year: { in: 2001 } }, "options.filter.year.in"],
      [{ year: { from: 2001 } }, "options.filter.year"],
      [{ year: {} }, "options.filter.year"],
      [{ year: { min: "a" } }, "options.filter.year.min"],
      [{ lang: { min: 1 } }, "options.filter.lang"],
      [{ draft: null }, "options.filter.draft"],
      [["lang"], "options.filter"],
      ["lang", "options.filter"],
    ];
    for (const [filter, path] of filters) await expect(index.search(query, { filter: filter as never }), JSON.stringify(filter)).rejects.toEqual(at(path));
  });

  it("may not have parts that the index does not hold", async () => {
    const dense = await HybridIndex.open(new MemoryStore(), { settings: { ...SETTINGS, lexical: false, tokens: null, words: false }, kernels });
    const query = makeQuery(1);
    await expect(dense.search({ dense: query.dense, lexical: query.lexical })).rejects.toEqual(at("query.lexical"));
    await expect(dense.search({ dense: query.dense, colbert: query.colbert })).rejects.toEqual(at("query.colbert"));
    await expect(dense.search({ words: [1] })).rejects.toEqual(at("query.words"));
    await dense.add([{ id: "a", dense: query.dense }]);
    expect((await dense.search({ dense: query.dense }))[0]?.parts).toEqual({ dense: expect.closeTo(1, 2), lexical: null, colbert: null, bm25: null });
    await dense.close();
  });
});

describe("settings", () => {
  const reopen = (change: Partial<IndexSettings>) => HybridIndex.open(store, { settings: { ...SETTINGS, ...change }, kernels });

  it("must be those with which the index was made", async () => {
    const others: Partial<IndexSettings>[] = [
      { fingerprint: "model-b" },
      { dense: { dim: 64 } },
      { dense: null },
      { lexical: false },
      { tokens: null },
      { tokens: { dim: 16, form: "bits", pooling: 1 } },
      { tokens: { dim: 16, form: "int8", pooling: 2 } },
      { words: false },
    ];
    for (const change of others) await expect(reopen(change), JSON.stringify(change)).rejects.toEqual(code("index-mismatch"));
    await expect(reopen({ fingerprint: "model-b" })).rejects.toThrow(/another model \("model-a", not "model-b"\)/);
  });

  it("must make sense", async () => {
    const wrong: readonly [change: object, path: string][] = [
      [{ fingerprint: 5 }, "settings.fingerprint"],
      [{ dense: { dim: 0 } }, "settings.dense.dim"],
      [{ dense: { dim: 1e6 } }, "settings.dense.dim"],
      [{ tokens: { dim: 16, form: "float", pooling: 1 } }, "settings.tokens.form"],
      [{ tokens: { dim: 16, form: "int8", pooling: 0.5 } }, "settings.tokens.pooling"],
      [{ lexical: 1 }, "settings.lexical"],
      [{ dense: null, lexical: false, words: false }, "settings"],
    ];
    for (const [change, path] of wrong) await expect(reopen(change as never), path).rejects.toEqual(at(path));
  });
});

describe("damage", () => {
  it("is noticed wherever a bit has changed, or does no harm", async () => {
    const query = makeQuery(2);
    const searchAll = async (from: MemoryStore) => {
      const opened = await HybridIndex.open(from, { settings: SETTINGS, kernels });
      try {
        const hits = await opened.search(query, { limit: 20, filter: { year: { min: 0 } }, explain: true });
        // Reads the columns and records that the search has not read.
        await opened.get(hits.map(({ id }) => id));
        await opened.search(query, { limit: 20, filter: { lang: "de", tags: { in: ["a", "b"] } } });
        return { hits, documents: opened.documents };
      } finally {
        await opened.close();
      }
    };
    const healthy = await searchAll(store);
    let noticed = 0;
    let tried = 0;
    for (const { name, bytes } of await store.list()) {
      const original = await readBlob(store, name);
      const step = Math.max(1, Math.floor(bytes / 120));
      for (let place = 0; place < bytes; place += step) {
        const damaged = original.slice();
        damaged[place]! ^= 1 << (place % 8);
        await writeBlob(store, name, damaged);
        tried++;
        try {
          const found = await searchAll(store);
          expect(found, `${name}, byte ${place} of ${bytes}`).toEqual(healthy);
        } catch (error) {
          if (!["corrupt-index", "newer-index"].includes((error as { code?: string }).code ?? "")) throw error;
          noticed++;
        }
      }
      await writeBlob(store, name, original);
    }
    expect(tried).toBeGreaterThan(500);
    expect(noticed / tried).toBeGreaterThan(0.7);
  });

  it("is noticed when a file is cut, empty, another one, or gone", async () => {
    const reopen = async () => {
      const opened = await HybridIndex.open(store, { settings: SETTINGS, kernels });
      await opened.close();
    };
    for (const { name } of await store.list()) {
      const original = await readBlob(store, name);
      for (const content of [
        original.subarray(0, original.length - 3),
        original.subarray(3),
        new Uint8Array(),
        new TextEncoder().encode("<html>".repeat(10)),
      ]) {
        await writeBlob(store, name, content);
        await expect(reopen(), name).rejects.toEqual(code("corrupt-index"));
      }
      if (name !== "meta") {
        await writeBlob(store, name, await readBlob(store, "meta"));
        await expect(reopen(), name).rejects.toEqual(code("corrupt-index"));
        await store.remove(name);
        await expect(reopen(), name).rejects.toEqual(code("missing-blob"));
      }
      await writeBlob(store, name, original);
    }
    await reopen();
  });
});

function cycle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}
