/**
 * The hybrid index at 1,000, 10,000 and 100,000 synthetic passages of m3-mini's shape, in Node on the WASM kernels, one thread: bytes by signal, build time,
 * what opening reads, query time by stage, and how many of the ten best agree with the same search in plain float32 and float64 arithmetic.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { ByteStore } from "#core/byte-store.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import { WEIGHT_PRESETS, weightedMean } from "#search/fusion.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { type BenchOptions, type BenchReport, type Cell, note, type Ratio } from "./harness/bench.ts";
import { median } from "./harness/statistics.ts";
import { CountingStore, FolderStore } from "./index/stores.ts";
import { DENSE_DIM, type Passage, SETTINGS, SyntheticCorpus } from "./index/synthetic.ts";

export const summary = "the hybrid index at 1 k, 10 k and 100 k passages: bytes, build, opening, query time by stage, agreement with exact float";

export const options = {
  documents: { type: "string", help: "sizes, separated by commas (1000,10000,100000)" },
  queries: { type: "string", help: "queries for times and agreement (20)" },
} as const;

const BATCH = 500;
const LIMIT = 10;
const CANDIDATES = 200;
const OPENING_AIM_BYTES = 8_000_000;

export async function run(given: BenchOptions): Promise<BenchReport> {
  const sizes = `${given.documents ?? "1000,10000,100000"}`.split(",").map(Number);
  const queryCount = Number(given.queries ?? 20);
  const results: SizeResult[] = [];
  for (const documents of sizes) results.push(await measure(documents, queryCount));
  const table = (title: string, rows: readonly [string, (result: SizeResult) => Cell][]) => ({
    title,
    columns: ["", ...results.map(({ documents }) => `${documents} passages`)],
    rows: rows.map(([label, value]) => [label, ...results.map(value)]),
  });
  const largest = results.at(-1)!;
  const ratios: Ratio[] = [
    {
      name: `whole query against a plain float loop over the dense vectors alone, ${largest.documents} passages`,
      value: largest.plainLoopMs / largest.wholeMs,
      aim: 1,
    },
    { name: `share of the ten best that exact float has too, ${largest.documents} passages`, value: largest.agreement, aim: 0.98 },
    { name: "the same while only sketches are loaded", value: largest.sketchAgreement, aim: 0.98 },
    { name: "bytes read by opening, against 8 MB", value: largest.openBytes / OPENING_AIM_BYTES, aim: 1, atMost: true },
    {
      name: "bytes read by opening and the first whole query, against 8 MB",
      value: (largest.openBytes + largest.firstBytes) / OPENING_AIM_BYTES,
      aim: 1,
      atMost: true,
    },
  ];
  return {
    tables: [
      table("Bytes a passage", [
        ["dense", ({ perPassage }) => perPassage.dense!],
        ["lexical", ({ perPassage }) => perPassage.lexical!],
        ["words (BM25)", ({ perPassage }) => perPassage.words!],
        ["tokens, int8", ({ perPassage }) => perPassage.tokens!],
        ["ids and stored", ({ perPassage }) => perPassage.documents!],
        ["tokens a passage", ({ tokensPerPassage }) => tokensPerPassage],
      ]),
      table("Building and opening", [
        ["add, s (500 a change, merges included)", ({ buildS }) => buildS],
        ["join all segments, s", ({ optimizeS }) => optimizeS],
        ["opening reads, MB", ({ openBytes }) => openBytes / 1e6],
        ["opening, ms", ({ openMs }) => openMs],
        ["first whole query reads, MB", ({ firstBytes }) => firstBytes / 1e6],
        ["first whole query, reads", ({ firstReads }) => firstReads],
        ["first whole query, ms", ({ firstMs }) => firstMs],
        ["memory of the process, MB", ({ rssMB }) => rssMB],
      ]),
      table("Query, median ms (files in the system's cache)", [
        ["dense alone", ({ denseMs }) => denseMs],
        ["dense alone, by the sketch", ({ sketchMs }) => sketchMs],
        ["lexical alone", ({ lexicalMs }) => lexicalMs],
        ["BM25 alone", ({ wordsMs }) => wordsMs],
        ["dense + lexical", ({ firstStageMs }) => firstStageMs],
        ["dense + lexical + ColBERT of 200 (whole)", ({ wholeMs }) => wholeMs],
        ["plain JavaScript float loop, dense alone", ({ plainLoopMs }) => plainLoopMs],
      ]),
    ],
    notes: [
      "Exact float: dense and lexical scores of all passages in float64, the best 200 of each merged, the best 200 of these ordered with MaxSim on the float vectors; the default weights, without BM25.",
      "One thread; the files lie in a folder, read synchronously.",
    ],
    ratios,
    raw: results,
  };
}

interface SizeResult {
  readonly documents: number;
  readonly perPassage: Readonly<Record<string, number>>;
  readonly tokensPerPassage: number;
  readonly buildS: number;
  readonly optimizeS: number;
  readonly openBytes: number;
  readonly openMs: number;
  readonly firstBytes: number;
  readonly firstReads: number;
  readonly firstMs: number;
  readonly rssMB: number;
  readonly denseMs: number;
  readonly sketchMs: number;
  readonly lexicalMs: number;
  readonly wordsMs: number;
  readonly firstStageMs: number;
  readonly wholeMs: number;
  readonly plainLoopMs: number;
  readonly agreement: number;
  readonly sketchAgreement: number;
}

async function measure(documents: number, queryCount: number): Promise<SizeResult> {
  const corpus = new SyntheticCorpus();
  const folder = mkdtempSync(path.join(os.tmpdir(), "index-bench-"));
  try {
    const store = new FolderStore(folder);
    const { dense, tokens, buildS, optimizeS } = await build(store, corpus, documents);
    const counting = new CountingStore(store);
    const [index, openMs] = await timed(() => HybridIndex.open(counting, { settings: SETTINGS, tuning: { residentBytes: 256 << 20 } }));
    const openBytes = counting.bytesRead;
    const queries = Array.from({ length: queryCount }, (_, number) => corpus.query(number, documents));
    const whole = ({ dense: vector, lexical, colbert }: Omit<Passage, "id">) => ({ dense: vector, lexical, colbert });
    const [, firstMs] = await timed(() => index.search(whole(queries[0]!), { limit: LIMIT }));
    const [firstBytes, firstReads] = [counting.bytesRead - openBytes, counting.reads];
    // The vectors are loaded behind the first answer.
    await new Promise((resolve) => setTimeout(resolve, 2000));

    const time = async (query: (parts: Omit<Passage, "id">) => object) => {
      const times: number[] = [];
      for (let round = 0; round < 3; round++) for (const parts of queries) times.push((await timed(() => index.search(query(parts), { limit: LIMIT })))[1]);
      return median(times);
    };
    const denseMs = await time(({ dense: vector }) => ({ dense: vector }));
    const lexicalMs = await time(({ lexical }) => ({ lexical }));
    const wordsMs = await time(({ words }) => ({ words }));
    const firstStageMs = await time(({ dense: vector, lexical }) => ({ dense: vector, lexical }));
    const wholeMs = await time(whole);
    const plainLoopMs = median(queries.map(({ dense: vector }) => plainLoop(vector, dense)));
    const { perPassage } = { perPassage: Object.fromEntries(Object.entries(index.statistics().bytes).map(([part, bytes]) => [part, bytes / documents])) };
    const exact = queries.map((query) => exactSearch(corpus, query, dense, documents));
    const agreement = await agree(index, queries.map(whole), exact);
    const rssMB = process.memoryUsage.rss() / 1e6;
    await index.close();

    const sketched = await HybridIndex.open(store, { settings: SETTINGS, tuning: { sketchFromDocuments: 0, residentBytes: 0 } });
    const sketchTimes: number[] = [];
    for (const query of queries) sketchTimes.push((await timed(() => sketched.search({ dense: query.dense }, { limit: LIMIT })))[1]);
    const sketchAgreement = await agree(sketched, queries.map(whole), exact);
    await sketched.close();
    return {
      documents,
      perPassage,
      tokensPerPassage: tokens / documents,
      buildS,
      optimizeS,
      openBytes,
      openMs,
      firstBytes,
      firstReads,
      firstMs,
      rssMB,
      denseMs,
      sketchMs: median(sketchTimes),
      lexicalMs,
      wordsMs,
      firstStageMs,
      wholeMs,
      plainLoopMs,
      agreement,
      sketchAgreement,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function build(store: ByteStore, corpus: SyntheticCorpus, documents: number) {
  note(`Building ${documents} passages.`);
  const index = await HybridIndex.open(store, { settings: SETTINGS });
  const dense = new Float32Array(documents * DENSE_DIM);
  let tokens = 0;
  let buildMs = 0;
  for (let first = 0; first < documents; first += BATCH) {
    // Making the passages is not building the index.
    const batch = Array.from({ length: Math.min(BATCH, documents - first) }, (_, place) => corpus.passage(first + place));
    for (const [place, passage] of batch.entries()) {
      dense.set(passage.dense, (first + place) * DENSE_DIM);
      tokens += passage.colbert.tokens;
    }
    buildMs += (await timed(() => index.add(batch)))[1];
    if ((first / BATCH) % 20 === 19) note(`  ${first + BATCH}, ${(buildMs / 1000).toFixed(1)} s, ${index.statistics().segments} segments`);
  }
  const [, optimizeMs] = await timed(() => index.optimize());
  await index.close();
  return { dense, tokens, buildS: buildMs / 1000, optimizeS: optimizeMs / 1000 };
}

async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const result = await action();
  return [result, performance.now() - started];
}

/** What one writes without an index: a loop over all vectors, keeping the ten best. */
function plainLoop(query: Float32Array, vectors: Float32Array): number {
  const started = performance.now();
  const best: { place: number; score: number }[] = [];
  let bar = Number.NEGATIVE_INFINITY;
  for (let place = 0, start = 0; start < vectors.length; place++, start += DENSE_DIM) {
    let score = 0;
    for (let index = 0; index < DENSE_DIM; index++) score += query[index]! * vectors[start + index]!;
    if (score <= bar) continue;
    best.push({ place, score });
    best.sort((a, b) => b.score - a.score);
    best.length = Math.min(best.length, LIMIT);
    if (best.length === LIMIT) bar = best.at(-1)!.score;
  }
  return performance.now() - started;
}

/** The same pipeline with nothing rounded. */
function exactSearch(corpus: SyntheticCorpus, query: Omit<Passage, "id">, vectors: Float32Array, documents: number): string[] {
  const dense = new Float64Array(documents);
  for (let place = 0; place < documents; place++) {
    let score = 0;
    for (let index = 0; index < DENSE_DIM; index++) score += query.dense[index]! * vectors[place * DENSE_DIM + index]!;
    dense[place] = score;
  }
  const lexical = lexicalScores(corpus, query.lexical, documents);
  const best = (scores: Float64Array) =>
    [...scores.keys()]
      .filter((place) => scores[place]! > 0)
      .sort((a, b) => scores[b]! - scores[a]!)
      .slice(0, CANDIDATES);
  const [denseWeight, lexicalWeight, colbertWeight] = WEIGHT_PRESETS.balanced;
  const first = (place: number) => denseWeight * dense[place]! + lexicalWeight * lexical[place]!;
  const candidates = [...new Set([...best(dense), ...best(lexical)])].sort((a, b) => first(b) - first(a)).slice(0, CANDIDATES);
  const weights = { dense: denseWeight, lexical: lexicalWeight, colbert: colbertWeight, bm25: 0 };
  return candidates
    .map((place) => {
      const parts = { dense: dense[place]!, lexical: lexical[place]!, colbert: colbertScore(query.colbert, corpus.passage(place).colbert), bm25: null };
      return { place, score: weightedMean(parts, weights, ["dense", "lexical", "colbert"]) };
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, LIMIT)
    .map(({ place }) => `passage-${place}`);
}

/** Lexical weights of all passages by word, made once for a size: they are too slow to make for each query. */
const lexicalCache = new Map<number, Map<string, { readonly places: number[]; readonly weights: number[] }>>();

function lexicalScores(corpus: SyntheticCorpus, query: Readonly<Record<string, number>>, documents: number): Float64Array {
  let lists = lexicalCache.get(documents);
  if (!lists) {
    note("Making exact lists for comparison.");
    lists = new Map();
    for (let place = 0; place < documents; place++) {
      for (const [word, weight] of Object.entries(corpus.passage(place).lexical)) {
        const list = lists.get(word) ?? { places: [], weights: [] };
        lists.set(word, list);
        list.places.push(place);
        list.weights.push(weight);
      }
    }
    lexicalCache.clear();
    lexicalCache.set(documents, lists);
  }
  const scores = new Float64Array(documents);
  for (const [word, weight] of Object.entries(query)) {
    const list = lists.get(word);
    if (list) for (const [index, place] of list.places.entries()) scores[place]! += weight * list.weights[index]!;
  }
  return scores;
}

async function agree(index: HybridIndex, queries: readonly object[], exact: readonly (readonly string[])[]): Promise<number> {
  let found = 0;
  for (const [number, query] of queries.entries()) {
    const hits = await index.search(query, { limit: LIMIT });
    found += hits.filter(({ id }) => exact[number]!.includes(id)).length;
  }
  return found / (queries.length * LIMIT);
}
