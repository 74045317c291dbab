/** `bge-m3-web train-heads PAIRS.jsonl --out heads.safetensors` */
import { rm } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { InvalidInputError } from "#core/errors.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { REFERENCE_WEIGHTS } from "#training/loss.ts";
import type { HeadShapes } from "#training/new-heads.ts";
import type { TrainingOptions } from "#training/options.ts";
import type { DevRecord } from "#training/trainer.ts";
import { readPairs } from "../commands/train-heads/read-pairs.ts";
import { trainHeadsOnPairs } from "../commands/train-heads/train-heads.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { ProgressLine } from "../progress-line.ts";
import { maxLengthOption, modelOption, type OutputOptions, wholeNumber, withOutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

/** `both`: first hidden states beside the last ones. */
type HeadInput = "last" | "both";

interface TrainHeadsFlags extends OutputOptions {
  readonly model?: string;
  readonly out: string;
  readonly dev?: string;
  readonly devShare: number;
  readonly heads: "both" | "lexical" | "colbert";
  readonly lexicalHidden: number;
  readonly lexicalInput: HeadInput;
  readonly colbertDim: number;
  readonly colbertInput: HeadInput;
  readonly epochs?: number;
  readonly batch?: number;
  readonly hardNegatives?: number;
  readonly learningRate?: number;
  readonly temperature?: number;
  readonly lexicalWeight: number;
  /** commander's form of `--no-distillation`. */
  readonly distillation: boolean;
  readonly devEvery?: number;
  readonly keep?: "best" | "last";
  readonly patience?: number;
  readonly seed: number;
  readonly maxLength: number;
  readonly cache?: string;
  readonly checkpoint?: string;
  readonly curves?: string;
  readonly threads?: number;
}

export function addTrainHeads(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("train-heads")
    .summary("teach a lexical and a ColBERT head on pairs of your own")
    .description(
      'Reads lines of {"query", "pos", "neg"} (FlagEmbedding\'s format; optionally "pos_scores" and "neg_scores", "id", "group"), computes the hidden states of ' +
        "all texts once, and trains heads on them by self-knowledge distillation. The encoder stays as it is. build-model puts the heads into an artefact when " +
        "they lie beside the checkpoint as heads.safetensors.",
    )
    .argument("<pairs>", "JSON Lines, plain or gzipped; make-pairs makes them from a corpus")
    .addOption(modelOption())
    .requiredOption("--out <file>", "heads to write, as safetensors")
    .option("--dev <file>", "pairs to judge the heads by (default: some ids of the pairs are held out)")
    .addOption(new Option("--dev-share <part>", "part of the ids to hold out").argParser(partOfOne).default(0.05))
    .addOption(new Option("--heads <which>", "heads to train").choices(["both", "lexical", "colbert"]).default("both"))
    .addOption(new Option("--lexical-hidden <n>", "width of the lexical head's hidden layer, 0 for a linear head").argParser(wholeOrZero).default(384))
    .addOption(headInputOption("lexical"))
    .addOption(new Option("--colbert-dim <n>", "numbers of a ColBERT vector").argParser(wholeNumber).default(128))
    .addOption(headInputOption("ColBERT"))
    .addOption(new Option("--epochs <n>", "how often each pair is seen (default: 3)").argParser(wholeNumber))
    .addOption(new Option("--batch <n>", "pairs of a batch, at most (default: 32)").argParser(wholeNumber))
    .addOption(new Option("--hard-negatives <n>", "hard negatives that a pair brings along, at most (default: 1)").argParser(wholeOrZero))
    .addOption(new Option("--learning-rate <x>", "peak of the learning rate (default: 0.001)").argParser(positive))
    .addOption(new Option("--temperature <x>", "what scores are divided by (default: 0.02)").argParser(positive))
    .addOption(new Option("--lexical-weight <x>", "weight of the lexical head's own terms in the loss").argParser(positive).default(REFERENCE_WEIGHTS.lexical))
    .option("--no-distillation", "InfoNCE only")
    .addOption(new Option("--dev-every <n>", "steps between two dev scores (default: 100)").argParser(wholeNumber))
    .addOption(new Option("--keep <which>", "heads of the best dev score or of the last step (default: best)").choices(["best", "last"]))
    .addOption(new Option("--patience <n>", "stop after so many dev scores without a better one, 0 never (default: 5)").argParser(wholeOrZero))
    .addOption(new Option("--seed <n>", "the same seed gives the same heads").argParser(wholeOrZero).default(1))
    .addOption(maxLengthOption("cut texts to this many tokens, prompt and special tokens included").default(128))
    .option("--cache <dir>", "where hidden states are kept for the next run (default: a folder beside the heads, removed at the end)")
    .option("--checkpoint <file>", "kept up to date, and where a run that was broken off goes on")
    .option("--curves <file>", "learning curves to write, as SVG")
    .addOption(new Option("--threads <n>", "threads to compute hidden states with (default: as many as help)").argParser(wholeNumber));
  withOutputOptions(command, "print dev scores as they come, and a summary at the end, as JSON objects on standard error").action(
    (file: string, flags: TrainHeadsFlags) => run(file, flags, surroundings),
  );
}

async function run(file: string, flags: TrainHeadsFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stderr } = surroundings;
  const startedAt = performance.now();
  if (flags.devShare === 1) throw new InvalidInputError("--dev-share", "below 1, as something must be left to train on", flags.devShare);
  const [pairs, devPairs] = [await readPairs(file), flags.dev === undefined ? undefined : await readPairs(flags.dev)];
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  const tell = (line: string) => {
    progress.clear();
    stderr.write(`${line}\n`);
  };
  const onDev = (record: DevRecord) => {
    if (flags.json) tell(JSON.stringify(record));
    else if (!flags.quiet && stderr.isTTY) tell(devLine(record));
  };
  const cacheFolder = flags.cache ?? `${flags.out}.states`;
  try {
    const summary = await trainHeadsOnPairs({
      model,
      tokenizer,
      pairs,
      devPairs,
      devShare: flags.devShare,
      shapes: shapesOf(flags),
      training: trainingOptions(flags),
      seed: flags.seed,
      maxLength: Math.min(flags.maxLength, model.manifest.maxTokens),
      cacheFolder,
      out: flags.out,
      checkpoint: flags.checkpoint,
      curves: flags.curves,
      openSession: (opened) => surroundings.openSession(opened, { precision: "default", threads: flags.threads, signal }),
      onDev,
      onProgress: progress.show,
      signal,
    });
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
    if (flags.json) tell(JSON.stringify({ ...summary, seconds }));
    else if (!flags.quiet && stderr.isTTY) tell(`Trained on ${summary.trainPairs} pairs in ${seconds} s; kept the heads of step ${summary.bestStep}.`);
  } finally {
    progress.clear();
    if (flags.cache === undefined) await rm(cacheFolder, { recursive: true, force: true });
  }
}

function headInputOption(head: "lexical" | "ColBERT"): Option {
  return new Option(`--${head.toLowerCase()}-input <which>`, `hidden states that the ${head} head reads: the last, or the last and the first`)
    .choices(["last", "both"])
    .default("last");
}

function shapesOf({ heads, lexicalHidden, lexicalInput, colbertDim, colbertInput }: TrainHeadsFlags): HeadShapes {
  return {
    lexicalHidden: heads === "colbert" ? null : lexicalHidden,
    lexicalFirst: lexicalInput === "both",
    colbertDim: heads === "lexical" ? null : colbertDim,
    colbertFirst: colbertInput === "both",
  };
}

function trainingOptions(flags: TrainHeadsFlags): TrainingOptions {
  const { epochs, batch, hardNegatives, learningRate, temperature, lexicalWeight, distillation, devEvery, keep, patience } = flags;
  const weights = { ...REFERENCE_WEIGHTS, lexical: lexicalWeight };
  return { epochs, batchPairs: batch, hardNegatives, learningRate, temperature, weights, distills: distillation, devEvery, keep, patience };
}

function devLine({ step, dense, lexical, colbert, ensemble }: DevRecord): string {
  const score = (value: number | null) => value?.toFixed(3) ?? "–";
  return `step ${step}: dense ${score(dense)}, lexical ${score(lexical)}, ColBERT ${score(colbert)}, all ${score(ensemble)}`;
}

function wholeOrZero(text: string): number {
  return text === "0" ? 0 : wholeNumber(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

function partOfOne(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("It must be a number from 0 to 1.");
  return value;
}
