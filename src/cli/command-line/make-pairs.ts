/** `bge-m3-web make-pairs PAGES.jsonl --out pairs.jsonl` */
import { rm } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import type { PairKind } from "#training/curation/sections.ts";
import { type MakePairsSummary, writePairs } from "../commands/make-pairs/make-pairs.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { openLines } from "../line-writer.ts";
import { ProgressLine } from "../progress-line.ts";
import { maxLengthOption, modelOption, type OutputOptions, outOption, wholeNumber, withOutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

const KINDS = ["title", "section", "lead", "cross"] as const satisfies readonly PairKind[];

interface MakePairsFlags extends OutputOptions {
  readonly model?: string;
  readonly out?: string;
  readonly languages?: string[];
  readonly kinds: PairKind[];
  readonly maxPairs?: number;
  readonly crossShare: number;
  readonly leastQuery: number;
  readonly leastPassage: number;
  readonly hardNegatives: number;
  readonly ceiling: number;
  readonly seed: number;
  readonly maxLength: number;
  readonly cache?: string;
  readonly threads?: number;
}

export function addMakePairs(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("make-pairs")
    .summary("training pairs from a corpus of pages, with hard negatives")
    .description(
      'Reads lines of {"id", "lang", "title", "body"} and writes pairs for train-heads: title to body, heading to section, first paragraph to the rest, and title ' +
        "in one language to body in another where ids are the same. Leaves out duplicates, boilerplate, what is too short and what is ambiguous, and reports it. " +
        "Hard negatives are what the model finds alike.",
    )
    .argument("<pages>", "JSON Lines, plain or gzipped")
    .addOption(modelOption())
    .addOption(outOption())
    .option("--languages <langs...>", "languages to take (default: all)")
    .addOption(new Option("--kinds <kinds...>", "kinds of pairs").choices(KINDS).default([...KINDS]))
    .addOption(new Option("--max-pairs <n>", "pairs within languages, drawn at random (default: all)").argParser(wholeNumber))
    .addOption(new Option("--cross-share <x>", "cross-lingual pairs for each other pair, at most").argParser(fromZero).default(0.3))
    .addOption(new Option("--least-query <n>", "shortest query, in characters").argParser(wholeNumber).default(3))
    .addOption(new Option("--least-passage <n>", "shortest passage, in characters").argParser(wholeNumber).default(60))
    .addOption(new Option("--hard-negatives <n>", "hard negatives of each pair, at most").argParser(fromZero).default(4))
    .addOption(new Option("--ceiling <x>", "part of the positive's score above which a passage is no negative").argParser(fromZero).default(0.98))
    .addOption(new Option("--seed <n>", "the same seed draws the same pairs").argParser(fromZero).default(1))
    .addOption(maxLengthOption("cut texts to this many tokens when they are compared").default(128))
    .option("--cache <dir>", "where hidden states are kept, for train-heads with the same (default: a folder beside the pairs, removed at the end)")
    .addOption(new Option("--threads <n>", "threads to compute with (default: as many as help)").argParser(wholeNumber));
  withOutputOptions(command, "print what was kept and what was left out as one JSON object on standard error").action((file: string, flags: MakePairsFlags) =>
    run(file, flags, surroundings),
  );
}

async function run(file: string, flags: MakePairsFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdout, stderr } = surroundings;
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  const output = await openLines(flags.out, stdout);
  const folder = flags.cache ?? `${flags.out ?? "pairs"}.states`;
  try {
    const { languages, kinds, maxPairs, crossShare, leastQuery, leastPassage, seed } = flags;
    const summary = await writePairs(output, {
      file,
      make: { languages, kinds, maxPairs, crossShare, leastQuery, leastPassage, seed },
      negatives: flags.hardNegatives,
      ceiling: flags.ceiling,
      states: {
        model,
        tokenizer,
        folder,
        maxLength: Math.min(flags.maxLength, model.manifest.maxTokens),
        openSession: (opened) => surroundings.openSession(opened, { precision: "default", threads: flags.threads, signal }),
        onProgress: progress.show,
        signal,
      },
    });
    await output.commit();
    progress.clear();
    if (flags.json) stderr.write(`${JSON.stringify(summary)}\n`);
    else if (!flags.quiet && stderr.isTTY) stderr.write(`${sentence(summary)}\n`);
  } finally {
    progress.clear();
    await output.discard();
    if (flags.cache === undefined) await rm(folder, { recursive: true, force: true });
  }
}

function sentence({ pairs, pages, kept, dropped, negatives, boilerplateLines }: MakePairsSummary): string {
  const kinds = KINDS.map((kind) => `${kept[kind]} ${kind}`).join(", ");
  const left = `${dropped.tooShort} too short, ${dropped.duplicatePages} pages and ${dropped.duplicates} pairs that are there already, ${dropped.ambiguous} ambiguous`;
  return `${pairs} pairs (${kinds}) of ${pages} pages, with ${negatives} hard negatives. Left out: ${left}, ${dropped.surplus} surplus; ${boilerplateLines} boilerplate lines.`;
}

function fromZero(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("It must be a number from 0.");
  return value;
}
