/** `build-model --report`: the checkpoint against the artefact, head by head. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpointModel } from "#builder/checkpoint-model.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import { HeadComparison } from "#cli/commands/build-report/compare-heads.ts";
import { readPages } from "#cli/commands/build-report/pages.ts";
import { openFileModel } from "#cli/file-model.ts";
import { float16ToNumber } from "#core/float16.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { bertFiles, ENCODER, formula, json } from "../builder/memory-folder.ts";
import { bgeM3Web, temporaryFolder } from "./fake-surroundings.ts";

const M3_MINI = path.resolve(import.meta.dirname, "../../../models/m3-mini");
const PAGES = [
  { title: "Bounce keys", body: "Ignore key presses that are rapidly repeated." },
  { title: "Batterie", body: "Die Batterie wird im oberen Bereich angezeigt." },
  { title: "화면 밝기", body: "화면 밝기를 조절하면 전력을 아낄 수 있습니다." },
];

async function writePages(folder: string): Promise<string> {
  const corpus = path.join(folder, "corpus");
  await mkdir(corpus);
  const lines = PAGES.map((page) => JSON.stringify(page));
  await Promise.all([writeFile(path.join(corpus, "a.jsonl"), `${lines.slice(0, 2).join("\n")}\n`), writeFile(path.join(corpus, "b.jsonl"), lines[2]!)]);
  return corpus;
}

const ROWS = 2500;

/** A small BERT with both heads, and XLM-RoBERTa's tokenizer with its first pieces only. */
async function writeCheckpoint(folder: string): Promise<string> {
  const whole = JSON.parse(await readFile(path.join(M3_MINI, "tokenizer.json"), "utf8"));
  const added_tokens = whole.added_tokens.filter((token: { id: number }) => token.id < ROWS);
  const tokenizer = json({ ...whole, model: { ...whole.model, vocab: whole.model.vocab.slice(0, ROWS) }, added_tokens });
  const files = bertFiles({ config: { vocab_size: ROWS }, encoder: [formula(ENCODER[0]!.name, [ROWS, 32]), ...ENCODER.slice(1)] });
  const checkpoint = path.join(folder, "checkpoint");
  await mkdir(checkpoint);
  for (const [file, bytes] of Object.entries({ ...files, "tokenizer.json": tokenizer })) await writeFile(path.join(checkpoint, file), bytes);
  return checkpoint;
}

describe("build-model --report", () => {
  it("compares what was rounded with the checkpoint, on pages of its user's", async () => {
    const folder = await temporaryFolder();
    const corpus = await writePages(folder);
    const checkpoint = await writeCheckpoint(folder);
    const args = [
      "build-model",
      checkpoint,
      "--out",
      path.join(folder, "out"),
      "--dtype",
      "q8",
      "--no-self-test",
      "--report",
      "--report-corpus",
      corpus,
      "--json",
    ];
    const { code, lines, sessions } = await bgeM3Web(args);
    expect(code).toBe(0);
    expect(sessions).toMatchObject([{ precision: "fp32" }, { precision: "default", engine: "wasm" }]);
    const { quality, quantised } = lines[0];
    expect(quantised[0].relativeError).toBeGreaterThan(0);
    expect(quality).toMatchObject({ pages: 3, engine: "sums, fp32" });
    // The session only sums embedding rows, so that rounding those to int8 is all that there is.
    expect(quality.dense.mean).toBeGreaterThan(0.9999);
    expect(quality.dense.mean).toBeLessThan(1);
    expect(quality.colbert.percentile1).toBeGreaterThan(0.999);
    expect(quality.lexical.top5Overlap).toBeGreaterThan(0.9);
    for (const head of ["dense", "lexical", "colbert"]) {
      const { exact, rounded, change } = quality.ndcg10[head];
      expect(change).toBeCloseTo(rounded - exact, 12);
      expect(exact).toBeGreaterThan(0);
    }
  });

  it("says it in words, too", async () => {
    const folder = await temporaryFolder();
    const corpus = await writePages(folder);
    const checkpoint = await writeCheckpoint(folder);
    const args = ["build-model", checkpoint, "--out", path.join(folder, "out"), "--dtype", "fp32", "--no-self-test", "--report", "--report-corpus", corpus];
    const { stdout } = await bgeM3Web(args);
    const lines = stdout.trimEnd().split("\n").slice(0, -1);
    expect(lines[0]).toMatch(/^On 3 titles and 3 pages, \d+ tokens, by sums, fp32, against the checkpoint in float32:$/);
    expect(lines[1]).toMatch(/^dense {4}cosine mean 1\.0000, least 1\.0000; nDCG@10 (\S+) → \1 \(\+0\.0000\)$/);
    expect(lines[2]).toMatch(/^lexical {2}top-5 overlap 1\.0000, same five 1\.0000; nDCG@10 (\S+) → \1 \(\+0\.0000\)$/);
    expect(lines[3]).toMatch(/^ColBERT {2}cosine mean 1\.0000, 5th percentile 1\.0000, 1st 1\.0000, least 1\.0000; nDCG@10 (\S+) → \1 \(\+0\.0000\)$/);
  });

  it("needs texts that are pages", async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, "a.jsonl"), '{"text": "x"}\n');
    await expect(readPages(folder, 5)).rejects.toMatchObject({ code: "invalid-input" });
    await expect(readPages(path.join(folder, "nowhere"), 5)).rejects.toMatchObject({ code: "invalid-input", fields: { path: "--report-corpus" } });
  });
});

it("reads a checkpoint's own numbers as a model", async () => {
  const artefact = await openFileModel(path.resolve(M3_MINI, "../../public/models/m3-mini"));
  const { manifest, tensors } = await openCheckpointModel(await openCheckpointFolder(M3_MINI), artefact);
  expect(manifest).toMatchObject({ dtype: "fp32", encodings: {}, wordEmbeddings: { encoding: { kind: "float" } } });
  const last = manifest.wordEmbeddings.shards.length - 1;
  const page = await tensors.read(pageTensorName(last, ""));
  expect(page.shape).toEqual([manifest.architecture.vocabSize % manifest.wordEmbeddings.rowsPerPage, 384]);
  expect(page.bytes.length).toBe(page.shape[0]! * 384 * 4);
  // Nibbles and half scales are what the artefact has, so that the numbers must be the same.
  const nibbles = await artefact.tensors.read(pageTensorName(last, ".q4"));
  const scales = await artefact.tensors.read(pageTensorName(last, ".scale"));
  const scale = float16ToNumber(scales.bytes[0]! | (scales.bytes[1]! << 8));
  const [low, high] = [nibbles.bytes[0]! & 15, nibbles.bytes[0]! >> 4];
  expect([...new Float32Array(page.bytes.slice(0, 8).buffer)]).toEqual([(low - 8) * scale, (high - 8) * scale]);
});

it("tells the order of the five heaviest tokens from their set", () => {
  const comparison = new HeadComparison();
  const embeddings = (weights: Record<string, number>) => ({
    denseVecs: [Float32Array.of(1, 0)],
    lexicalWeights: [weights],
    colbertVecs: null,
    truncated: [false],
    tokenCounts: [3],
  });
  comparison.add(embeddings({ 1: 6, 2: 5, 3: 4, 4: 3, 5: 2, 6: 1 }), embeddings({ 1: 5, 2: 6, 3: 4, 4: 3, 5: 2, 6: 1 }));
  comparison.add(embeddings({ 1: 6, 2: 5, 3: 4, 4: 3, 5: 2, 6: 1 }), embeddings({ 1: 6, 2: 5, 3: 4, 4: 3, 5: 1, 6: 2 }));
  comparison.add(embeddings({}), embeddings({}));
  expect(comparison.result()).toEqual({
    dense: { min: 1, percentile1: 1, percentile5: 1, mean: 1 },
    lexical: { top5Overlap: 0.9, top5Same: 0.5 },
    colbert: null,
  });
});
