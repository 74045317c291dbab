/**
 * The command line as a function: arguments in, exit code out.
 *
 * 0 success (also when the reader of our output goes away), 1 failure with one line on standard error, 2 wrong usage, 130 interrupted.
 */
import { Command, CommanderError } from "commander";
import { OutputClosedError } from "../line-writer.ts";
import { packageVersion } from "../package-root.ts";
import { addBuildModel } from "./build-model.ts";
import { addCopyAssets } from "./copy-assets.ts";
import { addEncode } from "./encode.ts";
import { addEvaluate } from "./evaluate.ts";
import { addIndexSite } from "./index-site.ts";
import { addMakePairs } from "./make-pairs.ts";
import { addSearch } from "./search.ts";
import type { Surroundings } from "./surroundings.ts";
import { addTokenize } from "./tokenize.ts";
import { addTrainHeads } from "./train-heads.ts";

export const NAME = "bge-m3-web";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** 128 + SIGINT, as shells count. */
const EXIT_INTERRUPTED = 130;

/** @param args without the program's name */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await program(surroundings).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, surroundings);
  }
}

function program(surroundings: Surroundings): Command {
  const { stdout, stderr } = surroundings;
  const command = new Command(NAME)
    .description("M3-Embedding without a browser: tokenize, encode, build models, index sites, search, evaluate.")
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError(`Run ${NAME} help for what there is.`)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${NAME}: `)),
    })
    .addHelpText("after", "\nExit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted. DEBUG=1 prints the stack of an error.");
  // A sub-command takes over its parent's settings when it is made.
  for (const add of [addTokenize, addEncode, addBuildModel, addIndexSite, addSearch, addEvaluate, addMakePairs, addTrainHeads, addCopyAssets])
    add(command, surroundings);
  return command;
}

function report(error: unknown, { stderr, signal, debug }: Surroundings): number {
  // commander has told it already; its code is 0 for help and version that were asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof OutputClosedError) return 0;
  if (signal.aborted) {
    stderr.write(`${NAME}: interrupted\n`);
    return EXIT_INTERRUPTED;
  }
  stderr.write(`${NAME}: ${error instanceof Error ? error.message : String(error)}\n`);
  if (debug && error instanceof Error) stderr.write(`${error.stack}\n`);
  return EXIT_FAILURE;
}
