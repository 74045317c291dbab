/** Where a command's lines go: standard output, or a file that appears under its name when it is whole. */
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { InvalidInputError } from "#core/errors.ts";
import { STANDARD_STREAM } from "./json-lines.ts";

export interface LineWriter {
  /** Writes a line; resolves when there is room for the next. */
  write(line: string): Promise<void>;
  /** All lines are written: puts the file in its place. */
  commit(): Promise<void>;
  /** Removes what was written. Does nothing to standard output, or after commit. */
  discard(): Promise<void>;
}

/** The reader of our output went away (`| head`). Not a failure: there is nobody left to tell. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/**
 * @param out a file, or "-" or undefined for standard output
 * @param option what the file was given by, for messages
 * @throws InvalidInputError when the file cannot be written
 */
export async function openLines(out: string | undefined, stdout: Writable = process.stdout, option = "--out"): Promise<LineWriter> {
  if (out === undefined || out === STANDARD_STREAM) {
    const lines = new StreamLines(stdout);
    return { write: (line) => lines.write(line), commit: () => lines.flush(), discard: async () => lines.close() };
  }
  const existing = await stat(out).catch(() => undefined);
  if (existing?.isDirectory()) throw new InvalidInputError(option, "a file, not a folder", out);
  // What is no ordinary file, such as /dev/null or a pipe, is not to be replaced by one.
  const isOrdinary = existing?.isFile() ?? true;
  const temporary = isOrdinary ? `${out}.${process.pid}.tmp` : out;
  const stream = createWriteStream(temporary, { flags: isOrdinary ? "wx" : "w" });
  const lines = new StreamLines(stream);
  await new Promise<void>((resolve, reject) => {
    stream.once("open", () => resolve());
    stream.once("error", (cause: NodeJS.ErrnoException) => reject(new InvalidInputError(option, `a file that can be written (${cause.code})`, out)));
  });
  let open = true;
  return {
    write: (line) => lines.write(line),
    async commit() {
      stream.end();
      await finished(stream);
      if (isOrdinary) await rename(temporary, out);
      open = false;
    },
    async discard() {
      if (!open) return;
      open = false;
      stream.destroy();
      if (isOrdinary) await rm(temporary, { force: true });
    },
  };
}

/** Lines into a stream, no faster than it takes them. */
class StreamLines {
  readonly #stream: Writable;
  #failure: Error | undefined;
  readonly #fail = (error: NodeJS.ErrnoException) => {
    this.#failure = error.code === "EPIPE" ? new OutputClosedError("The reader of the output is gone.") : error;
  };

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on("error", this.#fail);
  }

  async write(line: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (!this.#stream.write(`${line}\n`)) await this.#untilDrained();
  }

  /** Resolves when everything written so far has left this process. */
  async flush(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.write("", () => resolve()));
    this.close();
    if (this.#failure) throw this.#failure;
  }

  close(): void {
    // A write that fails late must not be an uncaught error.
    if (!this.#failure) this.#stream.off("error", this.#fail);
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#stream.off("drain", done);
        this.#stream.off("error", done);
        if (this.#failure) reject(this.#failure);
        else resolve();
      };
      this.#stream.on("drain", done);
      this.#stream.on("error", done);
      // The stream may have failed before we began to listen.
      if (this.#failure) done();
    });
  }
}
