/** `bge-m3-web evaluate FOLDER...` or `bge-m3-web evaluate --corpus FILE --queries FILE --qrels FILE` */
import os from "node:os";
import path from "node:path";
import { type Command, Option } from "commander";
import { InvalidInputError } from "#core/errors.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { LAYOUTS, type Layout } from "#evaluation/datasets/layouts.ts";
import { measureOf } from "#evaluation/measures.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { CachedEncoder } from "../commands/evaluate/encode-cached.ts";
import { DEFAULT_MEASURES, evaluateSets, plotOf } from "../commands/evaluate/evaluate.ts";
import { type NamedSet, setOfFiles, setOfFolder } from "../commands/evaluate/read-sets.ts";
import { formatReport, meansOverSets } from "../commands/evaluate/report.ts";
import { SYSTEMS, systemOf } from "../commands/evaluate/systems.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { openLines } from "../line-writer.ts";
import { ProgressLine } from "../progress-line.ts";
import { maxLengthOption, modelOption, type OutputOptions, wholeNumber, withOutputOptions } from "./shared-options.ts";
import type { SessionOptions, Surroundings } from "./surroundings.ts";

interface EvaluateFlags extends OutputOptions {
  readonly corpus?: readonly string[];
  readonly queries?: string;
  readonly qrels?: string;
  readonly layout: Layout;
  readonly language?: string;
  readonly split: string;
  readonly model?: string;
  readonly maxLength?: number;
  readonly weights?: readonly string[];
  readonly measures?: readonly string[];
  /** commander's form of `--no-compressed`. */
  readonly compressed: boolean;
  readonly plot?: string;
  /** False with `--no-cache`. */
  readonly cache: string | boolean;
  readonly threads?: number;
  readonly precision: SessionOptions["precision"];
}

const DEFAULT_MAX_LENGTH = 512;

export function addEvaluate(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("evaluate")
    .summary("how well each head, and their combinations, find what is relevant")
    .description(
      "Encodes a corpus and its queries, ranks the corpus for each query, and compares with the judgements: nDCG, MRR and recall of each signal (dense, lexical, " +
        "ColBERT, BM25) and of their combinations, from exact scores and from an index with int8 and with 1-bit token vectors. Folders are sets in BEIR's layout " +
        "(corpus.jsonl, queries.jsonl, qrels/test.tsv), say one a language; single files may have the other layouts, and may be gzipped. Encoded texts are kept, " +
        "so that the next evaluation of the same texts and model is quick.",
    )
    .argument("[folders...]", "sets in BEIR's layout")
    .option("--corpus <files...>", "documents, in one file or several")
    .option("--queries <file>", "queries; for mldr and mkqa with their judgements")
    .option("--qrels <file>", "judgements")
    .addOption(new Option("--layout <layout>", "how these files are laid out").choices(LAYOUTS).default("beir"))
    .option("--language <code>", "which questions of MKQA's mkqa.jsonl")
    .option("--split <name>", "which judgements of a folder", "test")
    .addOption(modelOption())
    .addOption(maxLengthOption(`cut texts to this many tokens, prompt and special tokens included (default: ${DEFAULT_MAX_LENGTH}, or what the model reads)`))
    .option("--weights <list...>", 'more combinations: weights of dense,sparse,colbert or dense,sparse,colbert,bm25, such as "1,0.3,1"')
    .option("--measures <names...>", `nDCG@k, MRR@k, recall@k, success@k; the first is compared and plotted (default: ${DEFAULT_MEASURES.join(" ")})`)
    .option("--no-compressed", "exact scores only, without BM25")
    .option("--plot <file>", "write a picture of the result, an SVG file")
    .option("--cache <dir>", "where encoded texts are kept (default: bge-m3-web/evaluation in the user's cache folder)")
    .option("--no-cache", "keep none")
    .addOption(new Option("--threads <n>", "threads to compute with (default: as many as help)").argParser(wholeNumber))
    .addOption(new Option("--precision <precision>", "fp32 computes everything in float32").choices(["default", "fp32"]).default("default"));
  withOutputOptions(
    command,
    "print one JSON object: {model, fingerprint, engine, precision, measures, sets: [{name, documents, queries, truncated, missing, indexBytes, " +
      "results: [{system, form, means}]}], means: [{system, form, means}]}",
  ).action((folders: readonly string[], flags: EvaluateFlags) => run(folders, flags, surroundings));
}

async function run(folders: readonly string[], flags: EvaluateFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdout, stderr } = surroundings;
  const measures = flags.measures ?? DEFAULT_MEASURES;
  for (const measure of measures) measureOf(measure);
  const systems = [...SYSTEMS, ...(flags.weights ?? []).map(systemOf)];
  const sets = setsOf(folders, flags);
  // What cannot be written is told before hours of work, not after.
  const plot = flags.plot === undefined ? null : await openLines(flags.plot, surroundings.stdout, "--plot");
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  try {
    const model = await openFileModel(flags.model ?? defaultModelFolder());
    const { manifest } = model;
    const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
    const session = await surroundings.openSession(model, { precision: flags.precision, threads: flags.threads, signal });
    try {
      const { engine, precision } = session.info;
      const encoder = new CachedEncoder({
        encoder: new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) }),
        manifest,
        arithmetic: `${engine} ${precision}`,
        maxLength: Math.min(flags.maxLength ?? DEFAULT_MAX_LENGTH, manifest.maxTokens),
        folder: cacheFolder(flags.cache),
      });
      const parts = { encoder, tokenizer, kernels: await Kernels.create() };
      const forms = flags.compressed ? (["int8", "bits"] as const) : [];
      const results = await evaluateSets(sets, parts, { systems, measures, forms, onProgress: progress.show, signal });
      progress.clear();
      const about = { model: manifest.name, fingerprint: manifest.fingerprint, engine, precision };
      if (flags.json) stdout.write(`${JSON.stringify({ ...about, measures, sets: results, means: meansOverSets(results) })}\n`);
      else stdout.write(`${manifest.name} (${manifest.dtype}), ${precision}\n${formatReport(results, measures)}\n`);
      await plot?.write(
        plotOf(results, measures[0]!, `${manifest.name}: ${measures[0]} on ${results.length === 1 ? results[0]!.name : `${results.length} sets`}`),
      );
      await plot?.commit();
    } finally {
      await session.dispose();
    }
  } finally {
    progress.clear();
    await plot?.discard();
  }
}

/** @throws InvalidInputError when neither folders nor files are given, or both */
function setsOf(folders: readonly string[], { corpus, queries, qrels, layout, language, split }: EvaluateFlags): NamedSet[] {
  const hasFiles = corpus !== undefined || queries !== undefined || qrels !== undefined;
  if (folders.length > 0 && hasFiles) throw new InvalidInputError("FOLDER", "left out when --corpus and --queries are given", folders);
  if (folders.length > 0) return folders.map((folder) => setOfFolder(folder, split));
  if (!corpus) throw new InvalidInputError("--corpus", "given, or a folder in BEIR's layout", corpus);
  if (queries === undefined) throw new InvalidInputError("--queries", "given with --corpus", queries);
  return [setOfFiles({ layout, corpus, queries, qrels, language })];
}

function cacheFolder(cache: string | boolean): string | null {
  if (cache === false) return null;
  if (typeof cache === "string") return cache;
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "bge-m3-web", "evaluation");
}
