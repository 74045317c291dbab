/** `bge-m3-web tokenize FILE.jsonl` */
import type { Command } from "commander";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { tokenize } from "../commands/tokenize.ts";
import { defaultModelFolder } from "../default-model.ts";
import { openFileModel } from "../file-model.ts";
import { inputBytes, readTexts } from "../json-lines.ts";
import { openLines } from "../line-writer.ts";
import { ProgressLine } from "../progress-line.ts";
import { maxLengthOption, modelOption, type OutputOptions, outOption, withOutputOptions } from "./shared-options.ts";
import { tellSummary } from "./summary.ts";
import type { Surroundings } from "./surroundings.ts";

interface TokenizeFlags extends OutputOptions {
  readonly model?: string;
  readonly out?: string;
  readonly maxLength?: number;
}

export function addTokenize(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("tokenize")
    .summary("texts to token ids and their places")
    .description(
      'Reads lines of {"text"} and writes a line {"ids", "offsets"} for each. ids include the special tokens <s> and </s>; offsets has a pair [start, end] ' +
        "for each id, in UTF-16 units of the text, [0, 0] for special tokens.",
    )
    .argument("<file>", 'JSON Lines, one {"text"} a line; "-" is standard input')
    .addOption(modelOption())
    .addOption(maxLengthOption("cut texts to this many tokens, special tokens included (default: all)"))
    .addOption(outOption());
  withOutputOptions(command, "print a summary as one JSON object on standard error at the end: {texts, tokens, truncated, seconds}").action(
    (file: string, flags: TokenizeFlags) => run(file, flags, surroundings),
  );
}

async function run(file: string, flags: TokenizeFlags, surroundings: Surroundings): Promise<void> {
  const { signal, stdin, stdout, stderr } = surroundings;
  const startedAt = performance.now();
  const size = await inputBytes(file);
  const model = await openFileModel(flags.model ?? defaultModelFolder());
  const tokenizer = await openTokenizer(model.manifest, await model.readTokenizer({ signal }));
  const progress = new ProgressLine(flags.quiet ?? false, stderr);
  const output = await openLines(flags.out, stdout);
  try {
    const lines = readTexts(file, { signal, stdin });
    const summary = await tokenize(lines, output, { tokenizer, maxLength: flags.maxLength, inputBytes: size, onProgress: progress.show, signal });
    await output.commit();
    tellSummary("Tokenized", { ...summary }, startedAt, surroundings, flags, progress);
  } finally {
    progress.clear();
    await output.discard();
  }
}
