/** The options of the public calls, and the checks at the door: what comes in is told by its path, what it must be, and what it is. */
import type { DeviceChoice, PrecisionChoice } from "#core/device.ts";
import type { EncodeOptions } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { ScoreOptions } from "#core/score.ts";
import type { PrefetchChoice, StorageChoice } from "#worker/protocol.ts";

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects at once with the signal's reason, and the worker stops at its next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the call is. */
  readonly onProgress?: ProgressListener | undefined;
}

/** Where things lie, and what runs the model. */
export interface LoadOptions extends CallOptions {
  /** Default "auto": the fastest backend that passes the model's self-test. "webgpu" and "wasm" take that one or fail. */
  readonly device?: DeviceChoice | undefined;
  /** Threads of the WASM backend; more than one needs a cross-origin isolated page. Default: as many as help on this machine. */
  readonly threads?: number | undefined;
  /**
   * Default "default". "fp16" computes with 16-bit floats on WebGPU, which takes half the memory for activations and, on GPUs with fast 16-bit units, less time: where the device
   * has `shader-f16` and the model passes its self-test that way, which `m3.device` tells. A batch whose numbers leave the range of 16 bits is computed in float32.
   */
  readonly precision?: PrecisionChoice | undefined;
  /** What the model's name or path is resolved against. Default: the page's own base URL, so "m3-mini" is `models/m3-mini/manifest.json` beside the page. */
  readonly baseUrl?: string | URL | undefined;
  /**
   * The fingerprint that the model must have (`m3.info.fingerprint`), for pages that hold vectors of it: another one is an InvalidManifestError. A stored model that
   * has it is used without asking the server. Default: whichever the server has.
   */
  readonly revision?: string | undefined;
  /**
   * Where the model is kept between visits. Default "auto": in the browser's storage (private file system, else IndexedDB, else Cache API) for all tabs of the origin, or, where
   * that is denied or full, nowhere, which a progress report's `notice` says. "memory": nowhere.
   */
  readonly storage?: StorageChoice | undefined;
  /**
   * Pages of the embedding table (m3-mini: 244 of 0.2 MB) come when a text has a token of theirs. Default "hot": those of frequent tokens are also read ahead,
   * one at a time, when a first text was encoded and no call is under way; not where the reader saves data or the line is slow. "all": `load` brings all of them,
   * with progress, for what is to work offline and for long lists. "none": nothing is read ahead.
   */
  readonly prefetch?: PrefetchChoice | undefined;
  /**
   * Default "shipped": the heads that the model came with. "adapted": those that `adapt` trained on this device, where there are any (`m3.info.heads` tells). Both have
   * fingerprints of their own: an index made with the one is refused with the other.
   */
  readonly heads?: "shipped" | "adapted" | undefined;
  /** Asks the browser not to clear this origin's storage when the disk gets full (`navigator.storage.persist()`); some browsers ask the user. Default false. */
  readonly persist?: boolean | undefined;
  /** Folder that `bge-m3-web copy-assets` filled, for pages whose bundler cannot find the worker by itself. Default: left to the bundler. */
  readonly assetsUrl?: string | URL | undefined;
  /** Starts the worker in a way of your own: it must run this package's `bge-m3-web/worker` as a module. Called again when the worker must be replaced. */
  readonly worker?: (() => Worker) | undefined;
  /** How long the worker may take to stop a call whose signal was aborted before it is ended and started again, in milliseconds. Default 20,000. */
  readonly abortGraceMs?: number | undefined;
}

/** Where the models of `models.list` and so on are named from, and what does the work. */
export type ModelsOptions = Pick<LoadOptions, "baseUrl" | "assetsUrl" | "worker">;

/** What a timer can wait; it takes a longer time for none at all. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export type Check = (value: unknown, path: string) => void;

const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path);
  };

export const check =
  (expected: string, accepts: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!accepts(value)) throw new InvalidInputError(path, expected, value);
  };

export const positiveInteger = check("a whole number from 1", (value) => Number.isSafeInteger(value) && (value as number) >= 1);
export const flag = check("true or false", (value) => typeof value === "boolean");
const callback = check("a function", (value) => typeof value === "function");
const url = check("a URL", (value) => value instanceof URL || (typeof value === "string" && URL.canParse(value, pageUrl())));
const weights = check(
  "three numbers from 0, not all 0, for [dense, sparse, colbert]",
  (value) =>
    Array.isArray(value) && value.length === 3 && value.every((weight) => Number.isFinite(weight) && weight >= 0) && value.some((weight) => weight > 0),
);
/** By shape: a signal may come from another realm. */
const signal = check("an AbortSignal", (value) => typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value);

export const CALL_CHECKS: Record<keyof CallOptions, Check> = { signal, onProgress: callback };

export const LOAD_CHECKS: Record<keyof LoadOptions, Check> = {
  ...CALL_CHECKS,
  device: check('"auto", "webgpu" or "wasm"', (value) => value === "auto" || value === "webgpu" || value === "wasm"),
  threads: positiveInteger,
  precision: check('"default" or "fp16"', (value) => value === "default" || value === "fp16"),
  baseUrl: url,
  revision: check("a hexadecimal fingerprint", (value) => typeof value === "string" && /^[0-9a-f]+$/.test(value)),
  storage: check('"auto" or "memory"', (value) => value === "auto" || value === "memory"),
  prefetch: check('"hot", "all" or "none"', (value) => value === "hot" || value === "all" || value === "none"),
  heads: check('"shipped" or "adapted"', (value) => value === "shipped" || value === "adapted"),
  persist: flag,
  assetsUrl: url,
  worker: callback,
  abortGraceMs: check("a number from 0 to 2147483647", (value) => typeof value === "number" && value >= 0 && value <= LONGEST_TIMEOUT_MS),
};

const MODELS_CHECKS: Record<keyof ModelsOptions, Check> = { baseUrl: url, assetsUrl: url, worker: callback };

const ENCODE_CHECKS: Record<keyof (EncodeOptions & CallOptions), Check> = {
  ...CALL_CHECKS,
  maxLength: positiveInteger,
  returnDense: flag,
  returnSparse: flag,
  returnColbertVecs: flag,
  truncateDim: positiveInteger,
  clsEvery: positiveInteger,
};

const SCORE_CHECKS: Record<keyof (ScoreOptions & CallOptions), Check> = {
  ...CALL_CHECKS,
  weightsForDifferentModes: weights,
  maxQueryLength: positiveInteger,
  maxPassageLength: positiveInteger,
};

/** An unknown option is an error: a misspelt one would silently do nothing. */
export function checkOptions(options: unknown, checks: Readonly<Record<string, Check>>): void {
  if (typeof options !== "object" || options === null) throw new InvalidInputError("options", "an object", options);
  for (const [name, value] of Object.entries(options)) {
    const known = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!known) throw new InvalidInputError(`options.${name}`, `left out (known options: ${Object.keys(checks).join(", ")})`, value);
    optional(known)(value, `options.${name}`);
  }
}

export const checkCallOptions = (options: unknown) => checkOptions(options, CALL_CHECKS);
export const checkLoadOptions = (options: unknown) => checkOptions(options, LOAD_CHECKS);
export const checkModelsOptions = (options: unknown) => checkOptions(options, MODELS_CHECKS);
export const checkEncodeOptions = (options: unknown) => checkOptions(options, ENCODE_CHECKS);
export const checkScoreOptions = (options: unknown) => checkOptions(options, SCORE_CHECKS);

/** The page's base URL; in a worker, the script's; in Node there is none. */
export function pageUrl(): string | undefined {
  return globalThis.document?.baseURI ?? globalThis.location?.href;
}
