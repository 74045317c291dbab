/** What the command line touches of the process around it, so that a test can put it into other surroundings. */
import type { Readable, Writable } from "node:stream";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession } from "#core/session.ts";

export interface SessionOptions {
  /** `default`: the arithmetic that is fast here; `fp32`: everything in float32, to compare with the reference. */
  readonly precision: "default" | "fp32";
  /** Keep no weights in memory: a model of any size runs, slowly. Default false. */
  readonly lowMemory?: boolean | undefined;
  /** Undefined: native where it is installed. */
  readonly engine?: "native" | "wasm" | undefined;
  /** Undefined: as many as help. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Surroundings {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  /** Print the stack of an error. */
  readonly debug: boolean;
  openSession(model: LoadedModel, options: SessionOptions): Promise<EncoderSession>;
}
