/** What is put into an index, checked at the door. */
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import { DuplicateDocumentError, InvalidInputError } from "#core/errors.ts";
import type { Fields } from "./fields/field-types.ts";
import { type Json, MOST_ID_BYTES } from "./segment/document-file.ts";
import type { IndexSettings } from "./settings.ts";
import { MOST_TOKENS } from "./vectors/token-record.ts";

/** One passage. Of the representations exactly those that the index's settings name must be there. */
export interface IndexDocument {
  /** Its name in the index: not empty, at most 1,024 bytes. */
  readonly id: string;
  /** At most 1 long, as `encode` gives it. */
  readonly dense?: Float32Array | undefined;
  /** Weights of vocabulary ids; those below 0.002 are left out, those above 8 count as 8. */
  readonly lexical?: LexicalWeights | undefined;
  /** Vectors at most 1 long; none at all is allowed. */
  readonly colbert?: TokenVectors | undefined;
  /** Vocabulary ids of the text in order, for BM25. */
  readonly words?: ArrayLike<number> | undefined;
  /** To filter by. */
  readonly fields?: Fields | undefined;
  /** Any JSON value; comes back with hits. */
  readonly stored?: Json | undefined;
}

/** Rounding may make a unit vector this much longer. */
const LONGEST = 1.01;
const LARGEST_TERM = 0xffff_fffe;

/** @throws InvalidInputError with the path of what is wrong; DuplicateDocumentError for an id that is there twice */
export function checkDocuments(documents: readonly IndexDocument[], settings: IndexSettings): void {
  if (!Array.isArray(documents)) throw new InvalidInputError("documents", "a list of documents", documents);
  const ids = new Set<string>();
  for (const [index, document] of documents.entries()) {
    const path = `documents[${index}]`;
    checkId(document.id, `${path}.id`);
    if (ids.has(document.id)) throw new DuplicateDocumentError(document.id);
    ids.add(document.id);
    if (settings.dense) checkDense(document.dense, settings.dense.dim, `${path}.dense`);
    if (settings.lexical) checkLexical(document.lexical, `${path}.lexical`);
    if (settings.tokens) checkTokens(document.colbert, settings.tokens.dim, `${path}.colbert`);
    if (settings.words) checkWords(document.words, `${path}.words`);
    if (document.stored !== undefined) checkStored(document.stored, `${path}.stored`);
  }
}

function checkStored(value: unknown, path: string): void {
  try {
    if (JSON.stringify(value) !== undefined) return;
  } catch {
    // A cycle, or a BigInt.
  }
  throw new InvalidInputError(path, "a JSON value", value);
}

/** @throws InvalidInputError */
export function checkId(id: unknown, path: string): asserts id is string {
  if (typeof id !== "string" || id === "") throw new InvalidInputError(path, "a string that is not empty", id);
  // UTF-8 takes at most three bytes for a UTF-16 unit: most ids need no encoding to be known short enough.
  if (id.length * 3 > MOST_ID_BYTES && new TextEncoder().encode(id).length > MOST_ID_BYTES)
    throw new InvalidInputError(path, `at most ${MOST_ID_BYTES} bytes`, id);
  if (!isWellFormed(id)) throw new InvalidInputError(path, "well-formed Unicode", id);
}

/** A lone surrogate would come back as another character. */
function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}

/** @throws InvalidInputError */
export function checkDense(vector: Float32Array | undefined, dim: number, path: string): asserts vector is Float32Array {
  if (!(vector instanceof Float32Array) || vector.length !== dim) throw new InvalidInputError(path, `a Float32Array of ${dim} numbers`, describeVector(vector));
  checkLength(vector, 0, dim, path);
}

/** @throws InvalidInputError */
export function checkLexical(weights: LexicalWeights | undefined, path: string): asserts weights is LexicalWeights {
  if (typeof weights !== "object" || weights === null || Array.isArray(weights))
    throw new InvalidInputError(path, "an object of weights by vocabulary id", weights);
  for (const [term, weight] of Object.entries(weights)) {
    checkTerm(Number(term), `${path}["${term}"]`);
    if (typeof weight !== "number" || !(weight >= 0) || weight === Number.POSITIVE_INFINITY)
      throw new InvalidInputError(`${path}["${term}"]`, "a finite number from 0", weight);
  }
}

/** @throws InvalidInputError */
export function checkTokens(vectors: TokenVectors | undefined, dim: number, path: string): asserts vectors is TokenVectors {
  const { data, tokens, dim: width } = vectors ?? {};
  const isWhole = data instanceof Float32Array && Number.isSafeInteger(tokens) && tokens! >= 0 && data.length >= tokens! * dim;
  if (!isWhole || width !== dim) throw new InvalidInputError(path, `token vectors { data, tokens, dim: ${dim} }`, vectors);
  if (tokens! > MOST_TOKENS) throw new InvalidInputError(`${path}.tokens`, `at most ${MOST_TOKENS}`, tokens);
  for (let token = 0; token < tokens!; token++) checkLength(data, token * dim, dim, `${path} (token ${token})`);
}

/** @throws InvalidInputError */
export function checkWords(words: ArrayLike<number> | undefined, path: string): asserts words is ArrayLike<number> {
  if (typeof words !== "object" || words === null || !Number.isSafeInteger(words.length)) throw new InvalidInputError(path, "a list of vocabulary ids", words);
  for (let place = 0; place < words.length; place++) checkTerm(words[place], `${path}[${place}]`);
}

function checkTerm(term: unknown, path: string): void {
  if (!Number.isInteger(term) || (term as number) < 0 || (term as number) > LARGEST_TERM) throw new InvalidInputError(path, "a vocabulary id", term);
}

function checkLength(numbers: Float32Array, start: number, dim: number, path: string): void {
  let squares = 0;
  for (let index = start; index < start + dim; index++) squares += numbers[index]! * numbers[index]!;
  // Not "squares > …": NaN must fail as well.
  if (!(squares <= LONGEST * LONGEST)) throw new InvalidInputError(path, "finite numbers, at most 1 long together", Math.sqrt(squares));
}

function describeVector(vector: unknown): unknown {
  return vector instanceof Float32Array ? `one of ${vector.length}` : vector;
}
