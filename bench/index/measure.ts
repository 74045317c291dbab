/** Builds an index of synthetic passages in a folder, passage by passage, and measures it. Memory stays bounded: no passage is kept but its dense vector. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { WEIGHT_PRESETS, type WeightChoice } from "#search/fusion.ts";
import { HybridIndex, type IndexTuning } from "#search/hybrid-index.ts";
import { note } from "../harness/bench.ts";
import { processPeakMiB } from "../harness/process-memory.ts";
import { median } from "../harness/statistics.ts";
import { ExactScores, type Query } from "./exact.ts";
import { plainLoop } from "./plain-loop.ts";
import { CountingStore, FolderStore } from "./stores.ts";
import { DENSE_DIM, SETTINGS, SyntheticCorpus } from "./synthetic.ts";

const BATCH = 500;
const LIMIT = 10;
const ROUNDS = 3;
/** A page reads 8 MB at most before its first answer, so what it does not need by then must come later or never. */
const NOT_RESIDENT: Partial<IndexTuning> = { sketchFromDocuments: 0, residentBytes: 0 };
/** All three heads with a say, so that an error in any of them shows. */
const THREE_HEADS = [0.4, 0.2, 0.4] as const;

const PARTS = {
  dense: ({ dense }: Query) => ({ dense }),
  lexical: ({ lexical }: Query) => ({ lexical }),
  words: ({ words }: Query) => ({ words }),
  candidates: ({ dense, lexical, words }: Query) => ({ dense, lexical, words }),
  heads: ({ dense, lexical, colbert }: Query) => ({ dense, lexical, colbert }),
  whole: ({ dense, lexical, words, colbert }: Query) => ({ dense, lexical, words, colbert }),
} as const;

export interface SizeResult {
  readonly documents: number;
  readonly perPassage: Readonly<Record<string, number>>;
  readonly tokensPerPassage: number;
  readonly buildS: number;
  readonly optimizeS: number;
  readonly buildPeakMiB: number | null;
  readonly open: { readonly ms: number; readonly bytes: number; readonly reads: number };
  /** The first whole query after opening: mean bytes and reads of all queries, each in an index just opened, and the most of them. */
  readonly first: { readonly ms: number; readonly bytes: number; readonly mostBytes: number; readonly reads: number };
  /** Median ms by query's parts, dense vectors in memory. */
  readonly ms: Readonly<Record<keyof typeof PARTS, number>>;
  /** The same while only sketches are in memory. */
  readonly sketchedMs: Readonly<Record<"dense" | "whole", number>>;
  readonly plainLoopMs: number;
  /** Share of the ten best that exact float has too: three heads, the default of all signals, and three heads while only sketches are in memory. */
  readonly recall: { readonly heads: number; readonly defaults: number; readonly sketched: number };
  readonly searchPeakMiB: number | null;
}

export async function measure(documents: number, queryCount: number): Promise<SizeResult> {
  const corpus = new SyntheticCorpus();
  const queries = Array.from({ length: queryCount }, (_, number) => corpus.query(number, documents));
  const folder = mkdtempSync(path.join(os.tmpdir(), "index-bench-"));
  try {
    const store = new FolderStore(folder);
    const { dense, exact, ...built } = await build(store, corpus, queries, documents);
    note("Ordering exactly.");
    const truth = (weights: WeightChoice) => queries.map((_, place) => exact.best(corpus, place, LIMIT, weights));
    const [heads, defaults] = [truth(THREE_HEADS), truth(WEIGHT_PRESETS.balanced)];
    note("Measuring.");
    const firsts = [];
    for (const query of queries) firsts.push(await firstAnswer(store, query));

    const index = await HybridIndex.open(store, { settings: SETTINGS, tuning: { residentBytes: 1 << 30 } });
    const ms: Record<string, number> = {};
    await index.warmUp();
    for (const [name, parts] of Object.entries(PARTS)) ms[name] = await time(index, queries, parts);
    const plainLoopMs = median(Array.from({ length: ROUNDS }, () => queries.map((query) => plainLoop(query.dense, dense, LIMIT))).flat());
    const headsRecall = await recall(index, queries.map(PARTS.heads), heads, THREE_HEADS);
    const defaultsRecall = await recall(index, queries.map(PARTS.whole), defaults, WEIGHT_PRESETS.balanced);
    const { bytes } = index.statistics();
    await index.close();

    const sketched = await HybridIndex.open(store, { settings: SETTINGS, tuning: NOT_RESIDENT });
    const sketchedMs = { dense: await time(sketched, queries, PARTS.dense), whole: await time(sketched, queries, PARTS.whole) };
    const sketchedRecall = await recall(sketched, queries.map(PARTS.heads), heads, THREE_HEADS);
    await sketched.close();
    return {
      documents,
      ...built,
      perPassage: Object.fromEntries(Object.entries(bytes).map(([part, partBytes]) => [part, partBytes / documents])),
      open: firsts[0]!.open,
      first: {
        ms: median(firsts.map(({ first }) => first.ms)),
        bytes: median(firsts.map(({ first }) => first.bytes)),
        mostBytes: Math.max(...firsts.map(({ first }) => first.bytes)),
        reads: median(firsts.map(({ first }) => first.reads)),
      },
      ms: ms as SizeResult["ms"],
      sketchedMs,
      plainLoopMs,
      recall: { heads: headsRecall, defaults: defaultsRecall, sketched: sketchedRecall },
      searchPeakMiB: processPeakMiB("self"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function build(store: FolderStore, corpus: SyntheticCorpus, queries: readonly Query[], documents: number) {
  note(`Building ${documents} passages.`);
  const index = await HybridIndex.open(store, { settings: SETTINGS, tuning: NOT_RESIDENT });
  const exact = new ExactScores(queries, documents);
  const dense = new Float32Array(documents * DENSE_DIM);
  let tokens = 0;
  let buildMs = 0;
  for (let first = 0; first < documents; first += BATCH) {
    // Making the passages, and scoring them exactly, is not building the index.
    const batch = Array.from({ length: Math.min(BATCH, documents - first) }, (_, place) => corpus.passage(first + place));
    for (const [place, passage] of batch.entries()) {
      dense.set(passage.dense, (first + place) * DENSE_DIM);
      exact.add(first + place, passage);
      tokens += passage.colbert.tokens;
    }
    buildMs += (await timed(() => index.add(batch))).ms;
    if ((first / BATCH) % 20 === 19) note(`  ${first + BATCH}, ${(buildMs / 1000).toFixed(1)} s, ${index.statistics().segments} segments`);
  }
  const { ms } = await timed(() => index.optimize());
  await index.close();
  return { dense, exact, tokensPerPassage: tokens / documents, buildS: buildMs / 1000, optimizeS: ms / 1000, buildPeakMiB: processPeakMiB("self") };
}

/** What a page reads and waits for: opening, then one query, nothing in memory before. */
async function firstAnswer(store: FolderStore, query: Query) {
  const counting = new CountingStore(store);
  const { result: index, ms: openMs } = await timed(() => HybridIndex.open(counting, { settings: SETTINGS, tuning: NOT_RESIDENT }));
  const open = { ms: openMs, bytes: counting.bytesRead, reads: counting.reads };
  const { ms } = await timed(() => index.search(PARTS.whole(query), { limit: LIMIT }));
  const first = { ms, bytes: counting.bytesRead - open.bytes, reads: counting.reads - open.reads };
  await index.close();
  return { open, first };
}

async function time(index: HybridIndex, queries: readonly Query[], parts: (query: Query) => object): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const query of queries) times.push((await timed(() => index.search(parts(query), { limit: LIMIT }))).ms);
  }
  return median(times);
}

async function recall(index: HybridIndex, queries: readonly object[], exact: readonly (readonly string[])[], weights: WeightChoice): Promise<number> {
  let found = 0;
  for (const [place, query] of queries.entries()) {
    const hits = await index.search(query, { limit: LIMIT, weights });
    found += hits.filter(({ id }) => exact[place]!.includes(id)).length;
  }
  return found / (queries.length * LIMIT);
}

async function timed<T>(action: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const started = performance.now();
  const result = await action();
  return { result, ms: performance.now() - started };
}
