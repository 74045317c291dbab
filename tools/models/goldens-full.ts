/**
 * BGE-M3's full size against FlagEmbedding's numbers: 24 layers × 1,024, weights by the formula, float32, a text of 8,192 tokens included
 * (tests/oracle/goldens-full.json.gz). Every number of every head must be within 2e-3. Not a test of every day: it takes minutes, and 4 GB natively.
 *
 *     npx tsx tools/models/goldens-full.ts [--engine native|wasm] [--short]      --short leaves the long text out
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { openNodeSession } from "#cli/node-session.ts";
import { type Golden, largestDifference, runGolden } from "../../tests/unit/graph/support/goldens.ts";
import { syntheticModel } from "../../tests/unit/graph/support/synthetic-model.ts";

const BAR = 2e-3;
const SIZE = { layers: 24, hidden: 1024, heads: 16, ffn: 4096, vocab: 250002, colbertDim: 1024, maxPositions: 8194 };

const { values } = parseArgs({ options: { engine: { type: "string" }, short: { type: "boolean" } } });
const engine = values.engine === "wasm" ? "wasm" : "native";
const goldens: { texts: Golden[] } = JSON.parse(
  gunzipSync(await readFile(path.resolve(import.meta.dirname, "../../tests/oracle/goldens-full.json.gz"))).toString(),
);
const model = syntheticModel(SIZE);
const opening = performance.now();
const session = await openNodeSession(model, { engine });
console.log(`${session.info.engine}, ${session.info.precision}, ${session.info.threads} threads; opened in ${seconds(opening)} s`);
console.log("tokens | largest difference | seconds");
let worst = 0;
for (const golden of goldens.texts) {
  const { length } = golden.ids;
  if (values.short && length > 512) continue;
  const start = performance.now();
  const difference = largestDifference(await runGolden(session, model.manifest, golden, model.embed(golden.ids)), golden);
  worst = Math.max(worst, difference);
  console.log([length, difference.toExponential(2), seconds(start)].join(" | "));
}
await session.dispose();
const verdict = worst <= BAR ? "within" : "ABOVE";
console.log(`largest difference ${worst.toExponential(2)}, ${verdict} the bar of ${BAR}; peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
process.exitCode = worst <= BAR ? 0 : 1;

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
