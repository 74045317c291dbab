/** The options of `M3.adapt`, and their checks at the door. Pairs are checked in the worker, which has all of them to read anyway. */
import type { AdaptSettings } from "#worker/protocol.ts";
import { CALL_CHECKS, type CallOptions, type Check, check, checkOptions, positiveInteger } from "./options.ts";

/** How heads are adapted, who ends it, and who hears of it. */
export interface AdaptOptions extends AdaptSettings, CallOptions {}

const ADAPT_CHECKS: Record<keyof AdaptOptions, Check> = {
  ...CALL_CHECKS,
  epochs: positiveInteger,
  learningRate: check("a number above 0, at most 1", (value) => typeof value === "number" && value > 0 && value <= 1),
  batchPairs: check("a whole number from 2, as pairs are the negatives of one another", (value) => Number.isSafeInteger(value) && (value as number) >= 2),
  maxLength: positiveInteger,
  heldOut: check("a number from 0.05 to 0.5", (value) => typeof value === "number" && value >= 0.05 && value <= 0.5),
  maxPairs: positiveInteger,
  languageField: check("the name of a field", (value) => typeof value === "string" && value !== ""),
  languages: check("a list of languages", (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")),
  seed: check("a whole number from 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  adopt: check('"ifBetter" or "always"', (value) => value === "ifBetter" || value === "always"),
};

/** @throws InvalidInputError with the path of what is wrong */
export const checkAdaptOptions = (options: unknown) => checkOptions(options, ADAPT_CHECKS);
