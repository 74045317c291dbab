/** Checks of what comes in for indexes: names, documents, ids, questions, options. What only the index knows (its fields, its ids) the worker checks. */
import { InvalidInputError } from "#core/errors.ts";
import type { IndexSearchOptions, IndexShape, IndexStorage, TextDocument } from "#worker/protocol.ts";
import { CALL_CHECKS, type CallOptions, type Check, check, checkOptions, flag, positiveInteger } from "./options.ts";

/** Where an index is kept, and how it is made. */
export interface OpenIndexOptions extends IndexShape, CallOptions {
  /** Default "persistent": in the browser's storage, for all tabs of the origin; an error where that is denied. "memory": gone when it is closed. */
  readonly storage?: IndexStorage | undefined;
  /** Encode the documents again first when their vectors are of another model, or of other heads: see `M3Index.reencode`. Default false: that is an error. */
  readonly reencode?: boolean | undefined;
}

const INDEX_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MOST_HITS = 100_000;

const list = (what: string, accepts: (value: unknown) => boolean) => check(what, (value) => Array.isArray(value) && value.every(accepts));
const wholeNumber = (least: number) =>
  check(`a whole number from ${least} to ${MOST_HITS}`, (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= MOST_HITS);
const isScalar = (value: unknown) => typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const OPEN_CHECKS: Record<keyof OpenIndexOptions, Check> = {
  ...CALL_CHECKS,
  storage: check('"persistent" or "memory"', (value) => value === "persistent" || value === "memory"),
  reencode: flag,
  colbert: check('"int8", "bits" or false', (value) => value === "int8" || value === "bits" || value === false),
  pooling: check("a number from 1 to 16", (value) => typeof value === "number" && value >= 1 && value <= 16),
  bm25: flag,
  passageTokens: positiveInteger,
  overlapTokens: check("a whole number from 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0),
};

const isWeight = (value: unknown) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isWeights = (value: unknown) =>
  typeof value === "string" || (Array.isArray(value) && value.length >= 3 && value.length <= 4 && value.every(isWeight) && value.some((weight) => weight > 0));

const SEARCH_CHECKS: Record<keyof (IndexSearchOptions & CallOptions), Check> = {
  ...CALL_CHECKS,
  limit: wholeNumber(0),
  weights: check("a preset's name, or numbers from 0, not all 0, for [dense, sparse, colbert] or [dense, sparse, colbert, bm25]", isWeights),
  fusion: check('"weights" or "rrf"', (value) => value === "weights" || value === "rrf"),
  filter: checkFilter,
  candidates: wholeNumber(1),
  rerank: wholeNumber(1),
  explain: flag,
};

const DOCUMENT_CHECKS: Record<keyof TextDocument, Check> = {
  id: check("a string that is not empty", (value) => typeof value === "string" && value !== ""),
  title: check("a string", (value) => value === undefined || typeof value === "string"),
  text: check("a string", (value) => typeof value === "string"),
  url: check("a string", (value) => value === undefined || typeof value === "string"),
  fields: checkFields,
};

export const checkOpenIndexOptions = (options: unknown) => checkOptions(options, OPEN_CHECKS);
export const checkSearchOptions = (options: unknown) => checkOptions(options, SEARCH_CHECKS);
export const checkQuery = (query: unknown) => check("a string", (value) => typeof value === "string")(query, "query");
export const checkIds = (ids: unknown) => list("a list of strings that are not empty", (id) => typeof id === "string" && id !== "")(ids, "ids");
export const checkIndexName = (name: unknown) =>
  check('1 to 64 letters, digits, "_" and "-"', (value) => typeof value === "string" && INDEX_NAME.test(value))(name, "name");

/** @throws InvalidInputError with the path of what is wrong: a misspelt property would silently do nothing */
export function checkDocuments(documents: unknown): void {
  if (!Array.isArray(documents)) throw new InvalidInputError("documents", "an array of documents", documents);
  for (const [index, document] of documents.entries()) {
    const path = `documents[${index}]`;
    if (!isRecord(document)) throw new InvalidInputError(path, "an object { id, title, text, url, fields }", document);
    for (const name of Object.keys(document))
      if (!Object.hasOwn(DOCUMENT_CHECKS, name))
        throw new InvalidInputError(`${path}.${name}`, `left out (known: ${Object.keys(DOCUMENT_CHECKS).join(", ")})`, document[name]);
    for (const [name, accept] of Object.entries(DOCUMENT_CHECKS)) accept(document[name], `${path}.${name}`);
  }
}

function checkFields(fields: unknown, path: string): void {
  if (fields === undefined) return;
  if (!isRecord(fields)) throw new InvalidInputError(path, "an object of values by name", fields);
  for (const [name, value] of Object.entries(fields)) {
    const isTags = Array.isArray(value) && value.every((tag) => typeof tag === "string");
    if (!isScalar(value) && !isTags) throw new InvalidInputError(`${path}.${name}`, "a string, a finite number, a boolean or a list of strings", value);
  }
}

/** Only what could not cross to the worker: the rest is checked there, where the fields are known. */
function checkFilter(filter: unknown, path: string): void {
  if (!isRecord(filter)) throw new InvalidInputError(path, "an object of conditions by field", filter);
  const isBound = (value: unknown) => value === undefined || typeof value === "number";
  for (const [field, condition] of Object.entries(filter)) {
    const isList = isRecord(condition) && Array.isArray(condition.in) && condition.in.every(isScalar);
    const isRange = isRecord(condition) && Object.keys(condition).every((key) => key === "min" || key === "max") && Object.values(condition).every(isBound);
    if (!isScalar(condition) && !isList && !isRange) throw new InvalidInputError(`${path}.${field}`, "a value, { in: [values] } or { min, max }", condition);
  }
}
