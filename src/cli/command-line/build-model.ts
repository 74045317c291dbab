/** `bge-m3-web build-model CHECKPOINT_DIR --out DIR --dtype fp32|fp16|q8|q4` */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { ModelSettings } from "#builder/model-settings.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { KnownAnswer, Manifest } from "#core/manifest.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { type BuildModelOptions, type BuildModelResult, buildModel, formatBuildReport, type SelfTestText } from "../commands/build-model.ts";
import { reportQuality } from "../commands/build-report/build-report.ts";
import { CHECKOUT_CORPUS, readPages } from "../commands/build-report/pages.ts";
import { ProgressLine } from "../progress-line.ts";
import { type OutputOptions, wholeNumber, withOutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

/** Pages of each language, and tokens of each page, that a report reads: some minutes for a small model. */
const DEFAULT_PAGES = 40;
const REPORT_TOKENS = 256;

interface BuildFlags extends OutputOptions {
  readonly out: string;
  readonly dtype: Manifest["dtype"];
  readonly report?: boolean;
  readonly reportCorpus?: string;
  readonly reportPages: number;
  /** commander's form of `--no-self-test`. */
  readonly selfTest: boolean;
  readonly onnxFile?: string;
  readonly name?: string;
  readonly license?: string;
  readonly source?: string;
}

export function addBuildModel(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("build-model")
    .summary("a Hugging Face checkpoint to a model that this package runs")
    .description(
      "Reads a folder with config.json, *.safetensors or pytorch_model.bin, tokenizer.json, and heads.safetensors or sparse_linear.pt and colbert_linear.pt; " +
        "writes a folder with manifest.json, weight files and a vocabulary. A folder with config.json, tokenizer.json and a published ONNX file of BGE-M3 is taken as it is " +
        "(docs/published-models.md). An m3.json in the checkpoint may say name, license, source, pooling, prompts and maxTokens.",
    )
    .argument("<checkpoint>", "folder of the checkpoint")
    .requiredOption("--out <dir>", "folder to write: new, empty, or a model, which is replaced")
    .addOption(new Option("--dtype <dtype>", "how matrices are stored").choices(["fp32", "fp16", "q8", "q4"]).default("q4"))
    .option("--report", "measure what rounding costs: each matrix, and each head on real texts, as WebAssembly runs the model")
    .option(
      "--report-corpus <dir>",
      "the texts: .jsonl files with {title, body} lines, a file a language (default: GNOME Help, which a checkout of this package has)",
    )
    .addOption(new Option("--report-pages <n>", "most pages of each file").argParser(wholeNumber).default(DEFAULT_PAGES))
    .option("--no-self-test", "store no known answers; the model is then loaded without being tested")
    .option("--onnx-file <path>", "which ONNX file of a folder that has several")
    .option("--name <name>", "the model's name (default: m3.json's, or the checkpoint folder's)")
    .option("--license <id>", "SPDX identifier of its licence")
    .option("--source <text>", "where its weights come from");
  withOutputOptions(
    command,
    "print the report as one JSON object on standard output: {out, name, fingerprint, dtype, bytes, shards, selfTest, heads, quantised: [{tensor, encoding, shape, relativeError}], published: {repository, revision} or null, quality}",
  ).action((checkpoint: string, flags: BuildFlags) => run(checkpoint, flags, surroundings));
}

async function run(checkpoint: string, flags: BuildFlags, surroundings: Surroundings): Promise<void> {
  const { stdout, stderr, signal } = surroundings;
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  try {
    const result = await buildModel({
      checkpoint,
      out: flags.out,
      dtype: flags.dtype,
      onnxFile: flags.onnxFile,
      settings: givenSettings(flags),
      report: flags.report,
      quality: await qualityOf(flags, surroundings, progress),
      embed: flags.selfTest ? (model, texts) => embedInFloat32(model, texts, surroundings) : undefined,
      onProgress: progress.show,
      signal,
    });
    progress.clear();
    if (flags.json) stdout.write(`${JSON.stringify(jsonReport(result))}\n`);
    else {
      if (flags.report) stdout.write(`${formatBuildReport(result)}\n`);
      if (!flags.quiet) stdout.write(`${sentence(result)}\n`);
    }
  } finally {
    progress.clear();
  }
}

/** Undefined where no report was asked for, or where there are no texts: the published package has none, and none were named. */
async function qualityOf(flags: BuildFlags, { openSession, stderr, signal }: Surroundings, progress: ProgressLine): Promise<BuildModelOptions["quality"]> {
  if (!flags.report) return undefined;
  if (flags.reportCorpus === undefined && !existsSync(CHECKOUT_CORPUS)) {
    stderr.write("The heads are not compared: --report-corpus names no texts.\n");
    return undefined;
  }
  const pages = await readPages(flags.reportCorpus ?? CHECKOUT_CORPUS, flags.reportPages, signal);
  return (checkpoint, artefact) =>
    reportQuality(checkpoint, artefact, {
      pages,
      maxLength: Math.min(REPORT_TOKENS, artefact.manifest.maxTokens),
      openSession: (model, precision) => openSession(model, { precision, engine: precision === "fp32" ? undefined : "wasm", signal }),
      onProgress: progress.show,
      signal,
    });
}

/** Only what was given: an undefined setting would hide the checkpoint's own. */
function givenSettings({ name, license, source }: BuildFlags): Partial<ModelSettings> {
  return Object.fromEntries(Object.entries({ name, license, source }).filter(([, value]) => value !== undefined));
}

/** The answers that the model's self-test will expect: those of the weights as they were stored, computed in float32. */
async function embedInFloat32(model: LoadedModel, texts: readonly SelfTestText[], { openSession, signal }: Surroundings): Promise<readonly KnownAnswer[]> {
  const { manifest } = model;
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const session = await openSession(model, { precision: "fp32", lowMemory: true, signal });
  try {
    const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) });
    const answers: KnownAnswer[] = [];
    for (const { text, kind } of texts) {
      const { denseVecs, tokenCounts } = await encoder.encode([text], kind, { signal });
      const { ids } = tokenizer.encode(manifest.prompts[kind] + text, { maxLength: tokenCounts[0] });
      answers.push({ text, kind, ids: Array.from(ids), dense: Array.from(denseVecs![0]!) });
    }
    return answers;
  } finally {
    await session.dispose();
  }
}

function jsonReport({ out, manifest, bytes, quantised, published, quality }: BuildModelResult) {
  const { name, fingerprint, dtype, shards, selfTest } = manifest;
  return {
    out,
    name,
    fingerprint,
    dtype,
    bytes,
    shards: shards.length,
    selfTest: selfTest !== null,
    heads: headNames(manifest),
    quantised,
    published: published && { repository: published.repository, revision: published.revision },
    quality,
  };
}

function headNames({ heads }: Manifest): string[] {
  return ["dense", ...(heads.lexical ? ["lexical"] : []), ...(heads.colbert ? ["colbert"] : [])];
}

function sentence({ out, manifest, bytes, published }: BuildModelResult): string {
  const missing = [manifest.heads.lexical ? [] : ["lexical"], manifest.heads.colbert ? [] : ["ColBERT"]].flat();
  const without = missing.length === 0 ? "" : ` It has no ${missing.join(" and no ")} head: the checkpoint has no weights for it.`;
  const from = published ? ` Its files are those of ${published.repository} at ${published.revision}.` : "";
  return `${manifest.name} (${manifest.dtype}, ${(bytes / 1e6).toFixed(1)} MB in ${manifest.shards.length} shards, fingerprint ${manifest.fingerprint.slice(0, 16)}…) is in ${out}.${without}${from}`;
}
