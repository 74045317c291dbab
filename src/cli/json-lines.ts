/** JSON Lines from a file or standard input, one line at a time, so that a file may be larger than memory. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { InvalidInputError } from "#core/errors.ts";

/** What stands for standard input and output in place of a file's name. */
export const STANDARD_STREAM = "-";

export interface TextLine {
  readonly text: string;
  /** Bytes of the input up to the end of this line. */
  readonly endByte: number;
}

/** Bytes of a file; undefined for standard input, which may go on as long as it likes. @throws InvalidInputError when there is no such file */
export async function inputBytes(file: string): Promise<number | undefined> {
  if (file === STANDARD_STREAM) return undefined;
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError("FILE", `a file that can be read (${cause.code ?? cause.message})`, file);
  });
  if (!found.isFile()) throw new InvalidInputError("FILE", "a file, not a folder", file);
  return found.size;
}

/**
 * The `text` of each line; empty lines are passed over.
 *
 * @param stdin what "-" reads; a test gives its own
 * @throws InvalidInputError that names file and line for a line that is not an object with a string `text`
 */
export async function* readTexts(file: string, { signal, stdin = process.stdin }: { signal?: AbortSignal; stdin?: Readable } = {}): AsyncGenerator<TextLine> {
  const name = file === STANDARD_STREAM ? "standard input" : file;
  let number = 0;
  for await (const { line, endByte } of splitLines(file === STANDARD_STREAM ? stdin : createReadStream(file), signal)) {
    number++;
    if (line.trim() === "") continue;
    yield { text: parseText(line, `${name}, line ${number}`), endByte };
  }
}

/** Not node:readline: that one takes U+2028 for an end of line, which is an ordinary character inside a JSON string. */
export async function* splitLines(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<{ line: string; endByte: number }> {
  let pieces: Buffer[] = [];
  let position = 0;
  const take = () => {
    const line = Buffer.concat(pieces).toString("utf8");
    pieces = [];
    return line.replace(/^\uFEFF/, "");
  };
  // Standard input may keep silent for ever.
  const stop = () => stream.destroy(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
        pieces.push(chunk.subarray(start, end));
        start = end + 1;
        yield { line: take(), endByte: position + start };
      }
      pieces.push(chunk.subarray(start));
      position += chunk.length;
    }
    if (pieces.some(({ length }) => length > 0)) yield { line: take(), endByte: position };
  } finally {
    signal?.removeEventListener("abort", stop);
    stream.destroy();
  }
}

function parseText(line: string, place: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(place, `a JSON object such as {"text": "…"} (${(cause as Error).message})`, line);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(place, 'a JSON object such as {"text": "…"}', value);
  const { text } = value as { text?: unknown };
  if (typeof text !== "string") throw new InvalidInputError(`"text" in ${place},`, "a string", text);
  return text;
}
