/**
 * m3-mini in q8, made of its dequantised float32 weights, as a page runs it (Chromium, WASM, the engine that is chosen there), against those weights in float32: the bars of
 * dense cosine, ColBERT cosine and top-5 overlap, on pages of GNOME Help in 11 languages.
 *
 *     npx tsx tools/models/q8-in-browser.ts [--pages 15]       pages of each language
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openCheckpointModel } from "#builder/checkpoint-model.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import { buildModel } from "#cli/commands/build-model.ts";
import { HeadComparison } from "#cli/commands/build-report/compare-heads.ts";
import { CHECKOUT_CORPUS, readPages } from "#cli/commands/build-report/pages.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { openFullPage } from "../../bench/full/page.ts";
import { M3_MINI_CHECKPOINT } from "./m3-mini.ts";

const BARS = { dense: 0.999, colbert: 0.995, lexical: 0.96 };
const MAX_LENGTH = 256;

const { values } = parseArgs({ options: { pages: { type: "string", default: "15" } } });
const texts = (await readPages(CHECKOUT_CORPUS, Number(values.pages))).map(({ title, body }) => `${title}\n${body}`);
const root = await mkdtemp(path.join(tmpdir(), "q8-in-browser-"));
const folder = path.join(root, "q8");
await buildModel({ checkpoint: M3_MINI_CHECKPOINT, out: folder, dtype: "q8" });
const artefact = await openFileModel(folder);
const exactModel = await openCheckpointModel(await openCheckpointFolder(M3_MINI_CHECKPOINT), artefact);
const session = await openNodeSession(exactModel, { precision: "fp32" });
const tokenizer = XlmRobertaTokenizer.fromBytes(await artefact.readTokenizer());
const encoder = new M3Encoder({ manifest: exactModel.manifest, tokenizer, session, embeddings: new EmbeddingTable(exactModel.manifest, exactModel.tensors) });
const page = await openFullPage(folder);
const comparison = new HeadComparison();
try {
  const { engine } = await page.call("load");
  for (const text of texts) {
    const exact = await encoder.encode([text], "passage", { returnSparse: true, returnColbertVecs: true, maxLength: MAX_LENGTH });
    const { tokens, dim } = exact.colbertVecs![0]!;
    const found = await page.call("encode", text, MAX_LENGTH, tokens);
    comparison.add(exact, {
      denseVecs: [Float32Array.from(found.dense)],
      lexicalWeights: [found.lexical],
      colbertVecs: [{ data: Float32Array.from(found.colbert.flat()), tokens, dim }],
      truncated: exact.truncated,
      tokenCounts: exact.tokenCounts,
    });
  }
  const { dense, lexical, colbert } = comparison.result();
  console.log(`${texts.length} texts; ${engine}`);
  const checks: [name: string, value: number, bar: number][] = [
    ["dense cosine, mean", dense.mean, BARS.dense],
    ["ColBERT cosine, 1st percentile", colbert!.percentile1, BARS.colbert],
    ["lexical top-5 overlap", lexical!.top5Overlap, BARS.lexical],
  ];
  for (const [name, value, bar] of checks) console.log(`${value >= bar ? "met" : "MISSED"}: ${name} ${value.toFixed(4)} (bar ${bar})`);
  process.exitCode = checks.every(([, value, bar]) => value >= bar) ? 0 : 1;
} finally {
  await page.close();
  await session.dispose();
  await rm(root, { recursive: true });
}
