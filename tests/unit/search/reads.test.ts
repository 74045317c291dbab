/** What searches read: few of the bytes before the first answer, nothing twice, and no dense vectors when they are in memory. */
import { beforeAll, describe, expect, it } from "vitest";
import { HybridIndex, type IndexTuning } from "#search/hybrid-index.ts";
import type { IndexSettings } from "#search/settings.ts";
import { MemoryStore } from "#storage/memory.ts";
import { CountingStore } from "../../../bench/index/stores.ts";
import { seededRandom, unitVectors } from "../scoring/random.ts";

const DOCUMENTS = 800;
const [DIM, TOKEN_DIM, TOKENS] = [128, 64, 20];
const SETTINGS: IndexSettings = {
  fingerprint: "model",
  dense: { dim: DIM },
  lexical: true,
  tokens: { dim: TOKEN_DIM, form: "int8", pooling: 1 },
  words: true,
};
/** As a large index: rows are read one by one. A smaller one's shortlists are shorter too, or they would be most of it. */
const LARGE: Partial<IndexTuning> = { sketchFromDocuments: 0, residentBytes: 0 };
const FEW = { limit: 5, candidates: 20, rerank: 20, rescore: 5 } as const;

function represent(seed: number) {
  const random = seededRandom(seed);
  const words = Array.from({ length: TOKENS }, () => Math.floor(5000 * random() ** 2));
  return {
    dense: unitVectors(1, DIM, random),
    lexical: Object.fromEntries(words.map((word) => [word, 0.05 + 0.3 * random()])),
    words,
    colbert: { data: unitVectors(TOKENS, TOKEN_DIM, random), tokens: TOKENS, dim: TOKEN_DIM },
  };
}

const stored = new MemoryStore();
let storedBytes = 0;

beforeAll(async () => {
  const index = await HybridIndex.open(stored, { settings: SETTINGS });
  await index.add(Array.from({ length: DOCUMENTS }, (_, number) => ({ id: `doc-${number}`, ...represent(number) })));
  storedBytes = Object.values(index.statistics().bytes).reduce((sum, bytes) => sum + bytes, 0);
  await index.close();
});

async function open(tuning: Partial<IndexTuning>) {
  const store = new CountingStore(stored);
  return { store, index: await HybridIndex.open(store, { settings: SETTINGS, tuning }) };
}

describe("an index of which nothing is in memory", () => {
  it("reads a small share of its bytes before the first answer, in few reads", async () => {
    const { store, index } = await open(LARGE);
    // Sketches, counts of tokens, tables of sections.
    expect(store.bytesRead / storedBytes).toBeLessThan(0.03);
    expect(store.reads).toBeLessThanOrEqual(14);
    await index.search(represent(9000), FEW);
    expect(store.bytesRead / storedBytes).toBeLessThan(0.2);
    // Of 20 candidates sketches, of 5 vectors.
    expect(store.bytesOf("tokens")).toBeLessThan(20 * (TOKENS * 10 + 4096) + 5 * (TOKENS * 66 + 4096));
    expect(store.reads).toBeLessThan(200);
    await index.close();
  });

  it("reads no list, no token vector and no text of a hit twice", async () => {
    const { store, index } = await open(LARGE);
    const hits = await index.search(represent(9001), FEW);
    const read = () => ["tokens", "lexical", "words", "documents"].map((part) => store.bytesOf(part));
    const before = read();
    expect(await index.search(represent(9001), FEW)).toEqual(hits);
    expect(read()).toEqual(before);
    await index.close();
  });

  it("reads no rows when they are in memory, and finds the same", async () => {
    const { store, index } = await open({ sketchFromDocuments: 0 });
    await index.warmUp();
    const before = store.bytesOf("dense");
    const hits = await index.search(represent(9002), FEW);
    expect(store.bytesOf("dense")).toBe(before);
    const large = await open(LARGE);
    await large.index.warmUp();
    const without = large.store.bytesOf("dense");
    expect(await large.index.search(represent(9002), FEW)).toEqual(hits);
    expect(large.store.bytesOf("dense")).toBeGreaterThan(without);
    await index.close();
    await large.index.close();
  });
});
