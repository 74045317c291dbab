/** Options that several commands take, with their checks: what is wrong here is a usage error. */
import { type Command, InvalidArgumentError, Option } from "commander";

export interface OutputOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `--quiet` and `--json`. */
export function withOutputOptions(command: Command, jsonHelp: string): Command {
  return command.option("--quiet", "no progress and no summary").option("--json", jsonHelp);
}

export const modelOption = () => new Option("--model <dir>", "folder of a model artefact (default: the package's m3-mini, where it has one)");
export const outOption = () => new Option("--out <file>", 'file to write, which appears when it is whole (default: "-", standard output)');

export const maxLengthOption = (help: string) => new Option("--max-length <n>", help).argParser(wholeNumber);

/** @throws InvalidArgumentError, which commander makes a usage error of */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number from 1.");
  return value;
}
