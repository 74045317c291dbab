/** Checks of texts, pairs and lexical weights at the door, and their common shape inside: lists. */
import type { LexicalWeights } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";

/** A text, or a list of texts. */
export type Texts = string | readonly string[];

export type Pair = readonly [query: string, passage: string];

/** @throws InvalidInputError when it is neither a string nor a list of strings */
export function toTexts(value: unknown, path: string): readonly string[] {
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) throw new InvalidInputError(path, "a string or an array of strings", value);
  for (const [index, text] of value.entries()) if (typeof text !== "string") throw new InvalidInputError(`${path}[${index}]`, "a string", text);
  return value;
}

/** True for one pair, as against a list of pairs. */
export function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === "string");
}

/** @throws InvalidInputError when it is neither a pair of strings nor a list of such pairs */
export function toPairs(value: unknown, path: string): readonly Pair[] {
  if (isPair(value)) return [value];
  if (!Array.isArray(value)) throw new InvalidInputError(path, "a [query, passage] pair or an array of pairs", value);
  for (const [index, pair] of value.entries()) if (!isPair(pair)) throw new InvalidInputError(`${path}[${index}]`, "a [query, passage] pair of strings", pair);
  return value;
}

/** @throws InvalidInputError when it is not an object from decimal ids to numbers */
export function checkLexicalWeights(value: unknown, path: string): asserts value is LexicalWeights {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(path, "an object of weights by token id", value);
  for (const [id, weight] of Object.entries(value)) {
    if (!/^\d{1,9}$/.test(id)) throw new InvalidInputError(path, "an object whose keys are token ids", id);
    if (typeof weight !== "number") throw new InvalidInputError(`${path}["${id}"]`, "a number", weight);
  }
}
