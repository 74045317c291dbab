/**
 * A text of 8,192 tokens through a q8 model of BGE-M3's size in Chromium, WASM, two threads: does it end, how near is it to the float32 reference, how much memory
 * does it take, is it heard from meanwhile, and how soon does it stop? Takes ten minutes and more, and 4 GB.
 *
 *     npx tsx tools/models/long-in-browser.ts [--tokens 8192] [--model DIR] [--emulated 0.9] [--beside SECONDS]
 *
 * --beside: what PyTorch takes for as many tokens in float32 on the same machine (bench/peers/time_full_torch.py); the text must take less.
 * The bar of the cosine is 0.98, or what an emulation of the same rounding gives on these random weights where that is lower (tests/oracle/emulate_q8.py).
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { openFullPage } from "../../bench/full/page.ts";
import { cosine, type Golden } from "../../tests/unit/graph/support/goldens.ts";

const WEIGHTS_MIB = 602e6 / 2 ** 20;
const MEMORY_MIB = 600;
const ABORT_MS = 2000;

const { values } = parseArgs({
  options: { tokens: { type: "string", default: "8192" }, model: { type: "string" }, emulated: { type: "string" }, beside: { type: "string" } },
});
const tokens = Number(values.tokens);
const goldens: { texts: Golden[] } = JSON.parse(
  gunzipSync(readFileSync(path.resolve(import.meta.dirname, "../../tests/oracle/goldens-full.json.gz"))).toString(),
);
const golden = goldens.texts.find(({ ids }) => ids.length > 4096)!;
const isWhole = tokens === golden.ids.length;
const page = await openFullPage(values.model);
const checks: [name: string, value: string, passed: boolean][] = [];
try {
  const { loadMs, engine } = await page.call("load");
  console.log(`${engine}; Chromium ${page.chromium}; loaded in ${(loadMs / 1000).toFixed(0)} s, ${await page.peakMemoryMiB()} MiB`);
  const short = goldens.texts[1]!;
  const near = await page.call("encode", short.text, 512, 1);
  console.log(`a text of ${near.tokens} tokens: ${near.ms.toFixed(0)} ms, cosine ${cosine(near.dense, short.dense).toFixed(4)}`);
  const { message, rejectedMs, answeredMs } = await page.call("abort", golden.text, tokens, short.text);
  checks.push([`aborted ("${message}") after, ms`, rejectedMs.toFixed(0), message === "enough" && rejectedMs <= ABORT_MS]);
  console.log(`the same worker answered another text ${(answeredMs / 1000).toFixed(1)} s after the abort`);
  const long = await page.call("encode", golden.text, tokens, golden.colbert.length);
  const peak = await page.peakMemoryMiB();
  const steps = new Set(long.reports.map(({ loaded }) => loaded)).size;
  const silences = long.reports.map(({ ms }, index) => ms - (long.reports[index - 1]?.ms ?? 0));
  console.log(`${long.tokens} tokens in ${(long.ms / 1000).toFixed(0)} s, longest silence ${(Math.max(...silences) / 1000).toFixed(1)} s`);
  if (values.beside) checks.push([`seconds (PyTorch ${values.beside})`, (long.ms / 1000).toFixed(1), long.ms / 1000 < Number(values.beside)]);
  checks.push(["steps of progress", String(steps), steps > 10]);
  if (peak !== null) checks.push(["most memory of the renderer beyond the weights, MiB", (peak - WEIGHTS_MIB).toFixed(0), peak - WEIGHTS_MIB <= MEMORY_MIB]);
  if (isWhole) {
    const bar = Math.min(0.98, Number(values.emulated ?? 0.98));
    const found = cosine(long.dense, golden.dense);
    const rows = golden.colbert.map((row, index) => cosine(row, long.colbert[index]!));
    checks.push([`dense cosine (bar ${bar})`, found.toFixed(4), found >= bar]);
    console.log(`ColBERT cosines of the first ${rows.length} tokens: ${rows.map((value) => value.toFixed(3)).join(" ")}`);
  }
} finally {
  await page.close();
}
for (const [name, value, passed] of checks) console.log(`${passed ? "met" : "MISSED"}: ${name} ${value}`);
process.exit(checks.every(([, , passed]) => passed) ? 0 : 1);
