/** The command line without a process: streams in memory, m3-mini's real tokenizer and embeddings, and a session that only sums. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { runCommandLine } from "#cli/command-line/run.ts";
import type { SessionOptions, Surroundings } from "#cli/command-line/surroundings.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession, TokenBatch } from "#core/session.ts";

/** Pooled: the mean row. Lexical: the absolute first number of each row. ColBERT: its first numbers. */
export function summingSession({ manifest }: LoadedModel, beforeRun: (batch: TokenBatch) => void = () => {}): EncoderSession {
  const width = manifest.architecture.hiddenSize;
  const colbertWidth = manifest.heads.colbert!.dim;
  return {
    info: { backend: "native", engine: "sums", precision: "fp32", threads: 1, batch: { tokenBudget: 4096, maxTexts: 32, maxPadding: 0.03 } },
    async run(batch) {
      beforeRun(batch);
      const { rows, lengths, outputs } = batch;
      const tokens = rows.length / width;
      const pooled = new Float32Array(lengths.length * width);
      let start = 0;
      for (const [text, length] of lengths.entries()) {
        for (let at = start * width; at < (start + length) * width; at++) pooled[text * width + (at % width)]! += rows[at]! / length;
        start += length;
      }
      return {
        pooled: outputs.dense ? pooled : null,
        lexical: outputs.lexical ? Float32Array.from({ length: tokens }, (_, token) => Math.abs(rows[token * width]!)) : null,
        colbert: outputs.colbert
          ? Float32Array.from({ length: tokens * colbertWidth }, (_, at) => rows[Math.floor(at / colbertWidth) * width + (at % colbertWidth)]!)
          : null,
        hidden: outputs.hidden ? rows : null,
        computedTokens: Math.max(...lengths) * lengths.length,
      };
    },
    async dispose() {},
  };
}

export interface RunOptions {
  readonly stdin?: string;
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  readonly debug?: boolean;
  readonly beforeRun?: (batch: TokenBatch) => void;
  readonly stdout?: Writable;
  /** Hears what is written to standard error as it comes. */
  readonly onStderr?: (text: string) => void;
  /** Instead of the session that only sums. */
  readonly openSession?: Surroundings["openSession"];
}

/** Runs `bge-m3-web ARGS`. */
export async function bgeM3Web(args: readonly string[], options: RunOptions = {}) {
  const { stdin = "", isTTY = false, signal, debug = false, beforeRun, stdout, onStderr, openSession } = options;
  const written = { stdout: "", stderr: "" };
  const sessions: SessionOptions[] = [];
  const collect = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk;
        if (name === "stderr") onStderr?.(String(chunk));
        done();
      },
    });
  const surroundings: Surroundings = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout ?? collect("stdout"),
    stderr: Object.assign(collect("stderr"), { isTTY, columns: 100 }),
    signal: signal ?? new AbortController().signal,
    debug,
    async openSession(model, wanted) {
      sessions.push(wanted);
      return openSession?.(model, wanted) ?? summingSession(model, beforeRun);
    },
  };
  const code = await runCommandLine(args, surroundings);
  return {
    code,
    ...written,
    sessions,
    /** Standard output as JSON Lines. */
    get lines() {
      const lines = written.stdout.split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line));
    },
  };
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bge-m3-web-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
