/** What an index holds, decided once when it is made. */
import { IndexMismatchError, InvalidInputError } from "#core/errors.ts";
import type { TokenSettings } from "./vectors/token-record.ts";

export interface IndexSettings {
  /** Tells the model whose vectors the index holds, so that another's are refused: the manifest's fingerprint. */
  readonly fingerprint: string;
  /** Width of the dense vectors; null for an index without. */
  readonly dense: { readonly dim: number } | null;
  /** Does it hold lexical weights? */
  readonly lexical: boolean;
  /** How token vectors are stored; null for an index without. */
  readonly tokens: TokenSettings | null;
  /** Does it count the words (vocabulary ids) of texts, for BM25? */
  readonly words: boolean;
}

/** The kernels' sums hold this many dimensions. */
const MOST_DIMENSIONS = 4096;

/** @throws InvalidInputError */
export function checkSettings(settings: IndexSettings): IndexSettings {
  const { fingerprint, dense, lexical, tokens, words } = settings;
  if (typeof fingerprint !== "string") throw new InvalidInputError("settings.fingerprint", "a string", fingerprint);
  if (dense !== null) checkDim(dense?.dim, "settings.dense.dim");
  if (tokens !== null) {
    checkDim(tokens?.dim, "settings.tokens.dim");
    if (tokens.form !== "int8" && tokens.form !== "bits") throw new InvalidInputError("settings.tokens.form", '"int8" or "bits"', tokens.form);
    if (!(tokens.pooling >= 1 && tokens.pooling <= 16)) throw new InvalidInputError("settings.tokens.pooling", "a number from 1 to 16", tokens.pooling);
  }
  if (typeof lexical !== "boolean") throw new InvalidInputError("settings.lexical", "a boolean", lexical);
  if (typeof words !== "boolean") throw new InvalidInputError("settings.words", "a boolean", words);
  if (!dense && !lexical && !words)
    throw new InvalidInputError("settings", "an index of dense vectors, lexical weights or words: one of them finds the candidates", settings);
  return {
    fingerprint,
    dense: dense && { dim: dense.dim },
    lexical,
    tokens: tokens && { dim: tokens.dim, form: tokens.form, pooling: tokens.pooling },
    words,
  };
}

function checkDim(dim: unknown, path: string): void {
  if (!Number.isInteger(dim) || (dim as number) < 1 || (dim as number) > MOST_DIMENSIONS)
    throw new InvalidInputError(path, `a whole number from 1 to ${MOST_DIMENSIONS}`, dim);
}

/** @throws IndexMismatchError when a stored index has other settings than those wanted */
export function checkSameSettings(stored: IndexSettings, wanted: IndexSettings): void {
  const parts = ["fingerprint", "dense", "lexical", "tokens", "words"] as const;
  for (const part of parts) {
    const name = part === "fingerprint" ? "model" : part;
    const [before, now] = [stored[part], wanted[part]];
    if (JSON.stringify(before) !== JSON.stringify(now)) throw new IndexMismatchError(name, toText(before), toText(now));
  }
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
