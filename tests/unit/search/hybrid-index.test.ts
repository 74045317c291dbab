/** Searching: against exact search, over one segment and many, with vectors and with sketches, with filters, explained. */
import { describe, expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import type { Filter } from "#search/fields/filter.ts";
import { HybridIndex, type OpenIndexOptions } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { ExactIndex } from "./exact-search.ts";
import { expectHits } from "./expect-hits.ts";
import { type FullDocument, makeDocument, makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();

async function indexOf(documents: readonly FullDocument[], batch = documents.length, options: Partial<OpenIndexOptions> = {}) {
  const store = new MemoryStore();
  const index = await HybridIndex.open(store, { settings: SETTINGS, kernels, ...options });
  const exact = new ExactIndex();
  for (let first = 0; first < documents.length; first += batch) await index.add(documents.slice(first, first + batch));
  for (const document of documents) exact.documents.set(document.id, document);
  return { store, index, exact };
}

/** All of the candidates: then the index must agree with exact search wherever a document stands. */
const ALL = { candidates: 1000, rerank: 1000, rescore: 1000 };

describe("searching", () => {
  it("agrees with exact search, in one segment and in many", async () => {
    const documents = makeDocuments(200);
    for (const batch of [200, 17]) {
      const { index, exact } = await indexOf(documents, batch);
      for (let seed = 0; seed < 12; seed++) {
        const query = makeQuery(seed);
        for (const weights of ["balanced", "short", "long", "crossLingual", [0.3, 0.3, 0.3, 0.5]] as const) {
          expectHits(await index.search(query, { limit: 10, weights, ...ALL }), exact.search(query, weights), 10);
        }
        const { words: _, ...withoutWords } = query;
        expectHits(await index.search(withoutWords, { limit: 7, ...ALL }), exact.search(withoutWords), 7);
      }
      await index.close();
    }
  });

  it("takes any one part that finds candidates", async () => {
    const { index, exact } = await indexOf(makeDocuments(120), 50);
    const { dense, lexical, words } = makeQuery(3);
    expectHits(await index.search({ dense }, { limit: 20 }), exact.search({ dense }), 20);
    const positive = (hits: ReturnType<ExactIndex["search"]>) => hits.filter(({ score }) => score > 0);
    expectHits(await index.search({ lexical }, { limit: 20 }), positive(exact.search({ lexical })), 20);
    expectHits(await index.search({ words }, { limit: 20 }), positive(exact.search({ words }, [0, 0, 0, 1])), 20);
    await index.close();
  });

  it("gives what is stored, and true parts also to candidates that only one signal found", async () => {
    const { index, exact } = await indexOf(makeDocuments(150), 60);
    const query = makeQuery(5);
    const truth = new Map(exact.search(query, "short").map((hit) => [hit.id, hit]));
    for (const hit of await index.search(query, { limit: 50, candidates: 10, weights: "short" })) {
      expect(hit.stored).toEqual(exact.documents.get(hit.id)?.stored);
      expect(Math.abs(hit.parts.dense! - truth.get(hit.id)!.parts.dense!)).toBeLessThan(0.006);
      expect(Math.abs(hit.parts.lexical! - truth.get(hit.id)!.parts.lexical!)).toBeLessThan(0.02);
    }
    await index.close();
  });

  it("orders only the best by ColBERT, and finds no others", async () => {
    const { index } = await indexOf(makeDocuments(150));
    const { dense, colbert } = makeQuery(6);
    const nearest = (await index.search({ dense }, { limit: 20 })).map(({ id }) => id);
    const reordered = await index.search({ dense, colbert }, { limit: 50, rerank: 20, weights: [0, 0, 1] });
    expect(reordered.map(({ id }) => id).sort()).toEqual(nearest.sort());
    expect(reordered.map(({ score }) => score)).toEqual(reordered.map(({ parts }) => parts.colbert));
    await index.close();
  });

  it("ranks by reciprocal ranks when asked to", async () => {
    const { index, exact } = await indexOf(makeDocuments(60));
    const query = makeQuery(7);
    const hits = await index.search(query, { limit: 60, fusion: "rrf", weights: [1, 1, 0], ...ALL });
    const rankOf = (id: string, signal: "dense" | "lexical") =>
      1 + exact.search(query, "short").filter((hit) => hit.parts[signal]! > exact.search(query, "short").find((one) => one.id === id)!.parts[signal]!).length;
    const first = hits[0]!;
    expect(first.score).toBeGreaterThan(1 / (60 + rankOf(first.id, "dense")));
    expect(first.score).toBeLessThanOrEqual(2 / 61);
    expect(hits.every(({ score }, place) => place === 0 || score <= hits[place - 1]!.score)).toBe(true);
    await index.close();
  });

  it("gives nothing for limit 0, in an empty index, and for words that nobody has", async () => {
    const { index } = await indexOf(makeDocuments(10));
    expect(await index.search(makeQuery(1), { limit: 0 })).toEqual([]);
    expect(await index.search({ lexical: { 999: 1 } })).toEqual([]);
    expect(await index.search({ lexical: {} })).toEqual([]);
    expect(await index.search({ words: [999, 1000] })).toEqual([]);
    expect(await index.search({ words: [] })).toEqual([]);
    await index.close();
    const empty = await HybridIndex.open(new MemoryStore(), { settings: SETTINGS, kernels });
    expect(await empty.search(makeQuery(1))).toEqual([]);
    expect(empty.documents).toBe(0);
    await empty.close();
  });

  it("stands a query of 10,000 tokens", async () => {
    const { index } = await indexOf(makeDocuments(30));
    const { dense } = makeQuery(1);
    const colbert = { data: new Float32Array(10_000 * 16).fill(0.25), tokens: 10_000, dim: 16 };
    const lexical = Object.fromEntries(Array.from({ length: 10_000 }, (_, term) => [term, 0.5]));
    const words = Array.from({ length: 10_000 }, (_, place) => place % 3000);
    expect((await index.search({ dense, colbert, lexical, words }, { limit: 5 })).length).toBe(5);
    await index.close();
  });
});

describe("sketches", () => {
  it("find nearly what whole vectors find, and the scores are those of the vectors", async () => {
    const documents = makeDocuments(1500);
    const { index: whole } = await indexOf(documents, 400);
    const { index: sketched } = await indexOf(documents, 400, { tuning: { sketchFromDocuments: 0, residentBytes: 0 } });
    let found = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { dense } = makeQuery(seed);
      const expected = await whole.search({ dense }, { limit: 10, candidates: 40 });
      const hits = await sketched.search({ dense }, { limit: 10, candidates: 40 });
      const scores = new Map(expected.map(({ id, score }) => [id, score]));
      for (const hit of hits) {
        const wanted = scores.get(hit.id);
        if (wanted === undefined) continue;
        found++;
        expect(hit.score).toBeCloseTo(wanted, 6);
      }
    }
    // 32 random dimensions are little for signs; a model's hundreds tell far more.
    expect(found).toBeGreaterThan(20 * 10 * 0.85);
    await whole.close();
    await sketched.close();
  });

  it("give way to the vectors after the first search, when there is room", async () => {
    const memory = await Kernels.create();
    const { index } = await indexOf(makeDocuments(200), 200, { kernels: memory, tuning: { sketchFromDocuments: 0 } });
    const before = memory.takenBytes;
    await index.search({ dense: makeQuery(1).dense });
    await expect.poll(() => memory.takenBytes - before).toBe(Math.ceil((200 * 40) / 16) * 16);
    await index.warmUp();
    expect(memory.takenBytes - before).toBe(Math.ceil((200 * 40) / 16) * 16);
    await index.search({ dense: makeQuery(2).dense });
    await index.close();
    expect(memory.takenBytes).toBe(0);
  });
});

describe("filters", () => {
  it("leave out what does not meet them, before anything is ranked", async () => {
    const { index, exact } = await indexOf(makeDocuments(160), 45);
    const filters: Filter[] = [
      { lang: "de" },
      { lang: { in: ["de", "ko"] } },
      { year: { min: 2005, max: 2010 } },
      { year: { min: 2015 } },
      { year: 2003 },
      { year: { in: [2001, 2002] } },
      { draft: true },
      { draft: { in: [true, false] } },
      { tags: "a" },
      { tags: { in: ["b", "c"] }, lang: "en" },
      { lang: "fr" },
      { tags: { in: [] } },
      {},
    ];
    const { words: _, ...query } = makeQuery(8);
    for (const filter of filters) expectHits(await index.search(query, { limit: 12, filter, ...ALL }), exact.search(query, "balanced", filter), 12);
    await index.close();
  });

  it("work in segments of which none has the field", async () => {
    const { index } = await indexOf(makeDocuments(10));
    await index.add([{ ...makeDocument("special", 1), fields: { rare: "yes" } }]);
    expect((await index.search(makeQuery(1), { filter: { rare: "yes" } })).map(({ id }) => id)).toEqual(["special"]);
    await index.close();
  });
});

describe("an explanation", () => {
  it("adds up to the scores", async () => {
    const { index, exact } = await indexOf(makeDocuments(80), 30);
    const query = makeQuery(9);
    for (const hit of await index.search(query, { limit: 10, explain: true })) {
      const { terms, tokens } = hit.explanation!;
      expect(terms.reduce((sum, { product }) => sum + product, 0)).toBeCloseTo(hit.parts.lexical!, 5);
      const document = exact.documents.get(hit.id)!;
      for (const { term, queryWeight, documentWeight } of terms) {
        expect(queryWeight).toBe(query.lexical[term]);
        expect(Math.abs(documentWeight / document.lexical[term]! - 1)).toBeLessThan(0.016);
      }
      if (document.colbert.tokens === 0) {
        expect(tokens).toEqual([]);
        continue;
      }
      expect(tokens.map(({ query: row }) => row)).toEqual([...Array(query.colbert.tokens).keys()]);
      const mean = tokens.reduce((sum, { similarity }) => sum + similarity, 0) / Math.max(query.colbert.tokens, 1);
      expect(Math.abs(mean - hit.parts.colbert!)).toBeLessThan(1e-3);
      expect(tokens.every(({ document: row }) => row < document.colbert.tokens)).toBe(true);
    }
    const [plain] = await index.search(query);
    expect(plain).not.toHaveProperty("explanation");
    await index.close();
  });
});

describe("token vectors", () => {
  it("may be stored in one bit, and pooled", async () => {
    const documents = makeDocuments(60);
    for (const tokens of [
      { dim: 16, form: "bits", pooling: 1 },
      { dim: 16, form: "int8", pooling: 2 },
      { dim: 16, form: "bits", pooling: 3 },
    ] as const) {
      const { index, exact } = await indexOf(documents, 25, { settings: { ...SETTINGS, tokens } });
      const query = makeQuery(10);
      const hits = await index.search(query, { limit: 60, explain: true, ...ALL });
      const truth = new Map(exact.search(query).map((hit) => [hit.id, hit.parts.colbert!]));
      for (const { id, parts, explanation } of hits) {
        expect(Math.abs(parts.colbert! - truth.get(id)!), `${tokens.form} / ${tokens.pooling}: ${id}`).toBeLessThan(0.5);
        const met = explanation!.tokens;
        const mean = met.reduce((sum, { similarity }) => sum + similarity, 0) / Math.max(met.length, 1);
        expect(Math.abs(mean - parts.colbert!)).toBeLessThan(0.02);
      }
      await index.close();
    }
  });
});
