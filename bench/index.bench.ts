/**
 * The hybrid index at 1,000, 10,000 and 100,000 synthetic passages of m3-mini's shape, in Node on the WASM kernels, one thread: bytes by signal, build time,
 * memory, what is read before the first answer, query time by stage, and how many of the ten best agree with the same search in plain float arithmetic.
 */
import type { BenchOptions, BenchReport, Cell } from "./harness/bench.ts";
import { measure, type SizeResult } from "./index/measure.ts";

export const summary = "the hybrid index at 1 k, 10 k and 100 k passages: bytes, build, first answer, query time by stage, agreement with exact float";

export const options = {
  documents: { type: "string", help: "sizes, separated by commas, rising (1000,10000,100000); 100,000 take about 4 GB on the disk of temporary files" },
  queries: { type: "string", help: "queries for times and agreement (20)" },
} as const;

const FIRST_ANSWER_AIM_BYTES = 8_000_000;

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
  const at = `${largest.documents} passages`;
  const firstBytes = largest.open.bytes + largest.first.mostBytes;
  return {
    tables: [
      table("Bytes a passage", [
        ["dense (int8 rows, 1-bit sketches)", ({ perPassage }) => perPassage.dense!],
        ["lexical", ({ perPassage }) => perPassage.lexical!],
        ["words (BM25)", ({ perPassage }) => perPassage.words!],
        ["tokens (int8, 1-bit sketches)", ({ perPassage }) => perPassage.tokens!],
        ["ids and stored", ({ perPassage }) => perPassage.documents!],
        ["tokens a passage", ({ tokensPerPassage }) => tokensPerPassage],
      ]),
      table("Building", [
        ["add, s (500 a change, merges included)", ({ buildS }) => buildS],
        ["join all segments, s", ({ optimizeS }) => optimizeS],
        ["peak memory of the process so far, MiB", ({ buildPeakMiB }) => buildPeakMiB],
      ]),
      table("The first answer (nothing in memory; files in the system's cache)", [
        ["opening, ms", ({ open }) => open.ms],
        ["opening, reads", ({ open }) => open.reads],
        ["opening, MB", ({ open }) => open.bytes / 1e6],
        ["first whole query, ms", ({ first }) => first.ms],
        ["first whole query, reads", ({ first }) => first.reads],
        ["first whole query, MB", ({ first }) => first.bytes / 1e6],
        ["most of any query, MB", ({ first }) => first.mostBytes / 1e6],
      ]),
      table("Query, median ms (files in the system's cache)", [
        ["dense alone", ({ ms }) => ms.dense],
        ["lexical alone", ({ ms }) => ms.lexical],
        ["BM25 alone", ({ ms }) => ms.words],
        ["dense + lexical + BM25", ({ ms }) => ms.candidates],
        ["dense + lexical + ColBERT", ({ ms }) => ms.heads],
        ["all four (whole)", ({ ms }) => ms.whole],
        ["dense alone, rows not in memory", ({ sketchedMs }) => sketchedMs.dense],
        ["whole, rows not in memory", ({ sketchedMs }) => sketchedMs.whole],
        ["plain JavaScript float loop, dense alone", ({ plainLoopMs }) => plainLoopMs],
        ["peak memory of the process so far, MiB", ({ searchPeakMiB }) => searchPeakMiB],
      ]),
      table("Share of the ten best that exact float has too", [
        ["three heads, 0.4, 0.2, 0.4", ({ recall }) => recall.heads],
        ["the same, rows not in memory", ({ recall }) => recall.sketched],
        ["all four with the default weights", ({ recall }) => recall.defaults],
      ]),
    ],
    notes: [
      "Exact float: dense, lexical and BM25 scores of all passages in float64, the best 200 of each merged, the best 200 of these ordered with MaxSim on the float vectors.",
      "One thread; the files lie in a folder, read synchronously. Memory includes the float vectors and scores of the comparison.",
    ],
    ratios: [
      { name: `share of the ten best that exact float has too, ${at}`, value: largest.recall.heads, aim: 0.98 },
      { name: "the same while only sketches are in memory", value: largest.recall.sketched, aim: 0.98 },
      { name: "the same with all four signals and the default weights", value: largest.recall.defaults, aim: 0.98 },
      { name: `whole query against a plain float loop over the dense vectors alone, ${at}`, value: largest.plainLoopMs / largest.ms.whole, aim: 1 },
      {
        name: "bytes read by opening and the first whole query, most of any query, against 8 MB",
        value: firstBytes / FIRST_ANSWER_AIM_BYTES,
        aim: 1,
        atMost: true,
      },
    ],
    raw: results,
  };
}
