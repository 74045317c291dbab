/** Training pairs from a file of JSON Lines, plain or gzipped. */
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { InvalidInputError } from "#core/errors.ts";
import { distinctPairs, type PairTexts, parsePair } from "#training/pair-texts.ts";

/** @throws InvalidInputError for a file that cannot be read, a bad line (file, line, field), or fewer than two different pairs */
export async function readPairs(file: string): Promise<PairTexts[]> {
  const pairs: PairTexts[] = [];
  for (const { line, number } of await readLines(file)) pairs.push(parsePair(line, `${file}, line ${number}`));
  return distinctPairs(pairs, file);
}

/** The lines that are not empty, with their numbers from 1. @throws InvalidInputError for a file that cannot be read */
export async function readLines(file: string): Promise<{ readonly line: string; readonly number: number }[]> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidInputError("FILE", `a file that can be read (${error.code ?? error.message})`, file);
  });
  const isGzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzipped ? gunzipSync(bytes) : bytes).toString("utf8").replace(/^\uFEFF/, "");
  return text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]));
}
