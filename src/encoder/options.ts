/** The encoder's options: checked at the door, with FlagEmbedding's defaults. */
import type { EncodeOptions, TextKind } from "#core/embedding.ts";
import { InvalidInputError, MissingHeadError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { ScoreOptions } from "#core/score.ts";
import type { OutputSelection } from "#core/session.ts";
import { EQUAL_WEIGHTS, type ModeWeights } from "#scoring/combine.ts";

/** M3Embedder's `query_max_length` and `passage_max_length`. */
const DEFAULT_MAX_LENGTH = 512;

/** What every call of the encoder takes. */
export interface RunOptions {
  /** Stops the call at its next batch: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch how many tokens are done, phase "encode". */
  readonly onProgress?: ProgressListener | undefined;
}

export type EncoderOptions = EncodeOptions & RunOptions;
export type PairOptions = ScoreOptions & RunOptions;

/** Options of `encode` with nothing left to decide. */
export interface ResolvedOptions {
  readonly maxLength: number;
  readonly truncateDim: number | undefined;
  readonly clsEvery: number | undefined;
  readonly outputs: OutputSelection;
}

const RUN_OPTIONS: readonly string[] = ["signal", "onProgress"] satisfies (keyof RunOptions)[];
const ENCODE_OPTIONS: readonly string[] = [
  "maxLength",
  "returnDense",
  "returnSparse",
  "returnColbertVecs",
  "truncateDim",
  "clsEvery",
] satisfies (keyof EncodeOptions)[];
const SCORE_OPTIONS: readonly string[] = ["weightsForDifferentModes", "maxQueryLength", "maxPassageLength"] satisfies (keyof ScoreOptions)[];

/** @throws InvalidInputError for an option; MissingHeadError for a head that the model does not have */
export function resolveEncodeOptions(manifest: Manifest, options: EncodeOptions): ResolvedOptions {
  checkNames(options, ENCODE_OPTIONS);
  const outputs = {
    dense: flag(options.returnDense, true, "options.returnDense"),
    lexical: flag(options.returnSparse, false, "options.returnSparse"),
    colbert: flag(options.returnColbertVecs, false, "options.returnColbertVecs"),
  };
  if (outputs.lexical && !manifest.heads.lexical) throw new MissingHeadError("lexical", manifest.name);
  if (outputs.colbert && !manifest.heads.colbert) throw new MissingHeadError("ColBERT", manifest.name);
  const { truncateDim } = options;
  if (truncateDim !== undefined) checkPositive(truncateDim, "options.truncateDim");
  const { clsEvery } = options;
  if (clsEvery !== undefined) checkClsEvery(clsEvery, manifest);
  return { maxLength: resolveLength(options.maxLength, manifest, "options.maxLength"), truncateDim, clsEvery, outputs };
}

/** @throws InvalidInputError for an option */
export function resolveScoreOptions(manifest: Manifest, options: ScoreOptions) {
  checkNames(options, SCORE_OPTIONS);
  return {
    weights: resolveWeights(options.weightsForDifferentModes),
    maxQueryLength: resolveLength(options.maxQueryLength, manifest, "options.maxQueryLength"),
    maxPassageLength: resolveLength(options.maxPassageLength, manifest, "options.maxPassageLength"),
  };
}

/** @throws InvalidInputError for anything but an array of strings */
export function checkTexts(texts: unknown): asserts texts is readonly string[] {
  if (!Array.isArray(texts)) throw new InvalidInputError("texts", "an array of strings", texts);
  // Not forEach, which passes over the holes of a sparse array.
  for (let index = 0; index < texts.length; index++) {
    if (typeof texts[index] !== "string") throw new InvalidInputError(`texts[${index}]`, "a string", texts[index]);
  }
}

/** @throws InvalidInputError for anything but "query" and "passage" */
export function checkKind(kind: unknown): asserts kind is TextKind {
  if (kind !== "query" && kind !== "passage") throw new InvalidInputError("kind", '"query" or "passage"', kind);
}

/** An unknown option is an error: a misspelt one would silently do nothing. */
function checkNames(options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw new InvalidInputError("options", "an object", options);
  const names = [...known, ...RUN_OPTIONS];
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) throw new InvalidInputError(`options.${name}`, `left out (known options: ${names.join(", ")})`, value);
  }
}

function resolveLength(length: number | undefined, { maxTokens }: Manifest, path: string): number {
  if (length !== undefined) checkPositive(length, path);
  return Math.min(length ?? DEFAULT_MAX_LENGTH, maxTokens);
}

function checkPositive(value: unknown, path: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw new InvalidInputError(path, "a whole number from 1", value);
}

function checkClsEvery(clsEvery: number, { heads, onnx, name }: Manifest): void {
  checkPositive(clsEvery, "options.clsEvery");
  if (heads.dense.pooling !== "cls")
    throw new InvalidInputError("options.clsEvery", `left out for "${name}", whose dense vector is the mean of its tokens, not the state of <s>`, clsEvery);
  if (onnx && onnx.outputs.hidden === null)
    throw new InvalidInputError("options.clsEvery", `left out for "${name}", whose ONNX file gives no hidden states`, clsEvery);
}

function flag(value: unknown, byDefault: boolean, path: string): boolean {
  if (value !== undefined && typeof value !== "boolean") throw new InvalidInputError(path, "true or false", value);
  return value ?? byDefault;
}

function resolveWeights(weights: unknown = EQUAL_WEIGHTS): ModeWeights {
  const isWeights =
    Array.isArray(weights) && weights.length === 3 && weights.every((weight) => Number.isFinite(weight) && weight >= 0) && weights.some((weight) => weight > 0);
  if (!isWeights) {
    throw new InvalidInputError("options.weightsForDifferentModes", "three numbers from 0, not all 0, for [dense, sparse, colbert]", weights);
  }
  return weights as unknown as ModeWeights;
}
