/** `bge-m3-web encode FILE.jsonl --kind query|passage` */
import { type Command, Option } from "commander";
import type { EncodeOptions, TextKind } from "#core/embedding.ts";
import type { Manifest } from "#core/manifest.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { encodeLines } from "../commands/encode.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { inputBytes, readTexts } from "../json-lines.ts";
import { openLines } from "../line-writer.ts";
import { ProgressLine } from "../progress-line.ts";
import { maxLengthOption, modelOption, type OutputOptions, outOption, wholeNumber, withOutputOptions } from "./shared-options.ts";
import { tellSummary } from "./summary.ts";
import type { SessionOptions, Surroundings } from "./surroundings.ts";

interface EncodeFlags extends OutputOptions {
  readonly model?: string;
  readonly kind: TextKind;
  readonly out?: string;
  readonly maxLength?: number;
  readonly clsEvery?: number;
  readonly dense?: boolean;
  readonly sparse?: boolean;
  readonly colbert?: boolean;
  readonly threads?: number;
  readonly precision: SessionOptions["precision"];
}

export function addEncode(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("encode")
    .summary("texts to dense vectors, lexical weights and ColBERT vectors")
    .description(
      'Reads lines of {"text"} and writes a line {"denseVecs", "lexicalWeights", "colbertVecs"} for each, in the same order. A head that was not asked for is ' +
        "null. Files of any size: texts are read, encoded and written in chunks.",
    )
    .argument("<file>", 'JSON Lines, one {"text"} a line; "-" is standard input')
    .addOption(modelOption())
    .addOption(new Option("--kind <kind>", "which prompt the model puts before a text").choices(["query", "passage"]).default("passage"))
    .addOption(maxLengthOption("cut texts to this many tokens, prompt and special tokens included (default: 512, or what the model reads)"))
    .addOption(new Option("--cls-every <n>", "of long texts the mean of several <s>, one before every n tokens (MCLS; the paper: 256)").argParser(wholeNumber))
    .option("--dense", "dense vectors (default: all heads that the model has)")
    .option("--sparse", "lexical weights")
    .option("--colbert", "ColBERT vectors")
    .addOption(outOption())
    .addOption(new Option("--threads <n>", "threads to compute with (default: as many as help)").argParser(wholeNumber))
    .addOption(
      new Option("--precision <precision>", "fp32 computes everything in float32, to compare with a reference").choices(["default", "fp32"]).default("default"),
    );
  withOutputOptions(
    command,
    "print a summary as one JSON object on standard error at the end: {model, fingerprint, engine, precision, threads, texts, tokens, truncated, seconds}",
  ).action((file: string, flags: EncodeFlags) => run(file, flags, surroundings));
}

async function run(file: string, flags: EncodeFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdin, stdout, stderr } = surroundings;
  const size = await inputBytes(file);
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const { manifest } = model;
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  const output = await openLines(flags.out, stdout);
  try {
    const session = await surroundings.openSession(model, { precision: flags.precision, threads: flags.threads, signal });
    try {
      const startedAt = performance.now();
      const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) });
      const options = { encoder, kind: flags.kind, encode: encodeOptions(flags, manifest), inputBytes: size, onProgress: progress.show, signal };
      const counts = await encodeLines(readTexts(file, { signal, stdin }), output, options);
      await output.commit();
      const { engine, precision, threads } = session.info;
      const about = { model: manifest.name, fingerprint: manifest.fingerprint, engine, precision, threads };
      tellSummary("Encoded", { ...about, ...counts }, startedAt, surroundings, flags, progress);
    } finally {
      await session.dispose();
    }
  } finally {
    progress.clear();
    await output.discard();
  }
}

function encodeOptions({ dense, sparse, colbert, maxLength, clsEvery }: EncodeFlags, { heads }: Manifest): EncodeOptions {
  const chosen = dense || sparse || colbert;
  return {
    maxLength,
    clsEvery,
    returnDense: chosen ? (dense ?? false) : true,
    returnSparse: chosen ? (sparse ?? false) : heads.lexical !== null,
    returnColbertVecs: chosen ? (colbert ?? false) : heads.colbert !== null,
  };
}
