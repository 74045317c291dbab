/** Documents and queries in, hits out: what an index of texts is spoken to with. Types only; all are public. */
import type { Fields, FieldTypes } from "#search/fields/field-types.ts";
import type { Filter } from "#search/fields/filter.ts";
import type { ScoreParts, WeightChoice, Weights } from "#search/fusion.ts";

/** A text to be found. */
export interface TextDocument {
  /** Its name in the index: not empty, at most 1,000 bytes, without U+0000. */
  readonly id: string;
  /** Read before the text, and before each passage of a long one. */
  readonly title?: string | undefined;
  readonly text: string;
  /** Comes back with hits. */
  readonly url?: string | undefined;
  /** To filter by. A field has one type in an index; names are letters, digits, "_" and "-", at most 64. */
  readonly fields?: Fields | undefined;
}

/** What an index holds and how it reads texts. What is left out is as in the index that is there already. */
export interface IndexShape {
  /** How ColBERT vectors are stored: 8 bits a number, or 1; false stores none, which saves nine tenths of the room. Default "int8". */
  readonly colbert?: "int8" | "bits" | false | undefined;
  /** ColBERT vectors that are merged into one, about: 1 to 16. Default 1, which merges none; 2 or 3 lose little. */
  readonly pooling?: number | undefined;
  /** Whether words are counted, for BM25. Default true. */
  readonly bm25?: boolean | undefined;
  /** Most tokens of a passage, prompt and title included. Longer texts are stored as several. Default 512, or what the model reads if that is less. */
  readonly passageTokens?: number | undefined;
  /** Tokens that two passages of a text have in common, at most a quarter of `passageTokens`. Default an eighth. */
  readonly overlapTokens?: number | undefined;
}

/** What an index holds. */
export interface IndexInfo {
  readonly name: string;
  /** "opfs", "indexeddb" or "memory". */
  readonly store: string;
  readonly documents: number;
  /** Documents count as many as they have windows. */
  readonly passages: number;
  /** Grows with every change. */
  readonly generation: number;
  /** Bytes stored, by what they hold. */
  readonly bytes: { readonly documents: number; readonly dense: number; readonly lexical: number; readonly words: number; readonly tokens: number };
  /** Fields that documents have, with their types. */
  readonly fields: FieldTypes;
}

/** How to search. */
export interface IndexSearchOptions {
  /** Most documents. Default 10; 0 gives none. */
  readonly limit?: number | undefined;
  /**
   * Weights of [dense, sparse, colbert] and, where wanted, BM25, or a preset. Default "balanced", and "crossLingual" for a query that is noticed to be in another
   * language than the corpus. With [0, 0, 0, 1] the model is not asked.
   */
  readonly weights?: WeightChoice | undefined;
  /** Weighted means of scores, or reciprocal ranks. Default "weights". */
  readonly fusion?: "weights" | "rrf" | undefined;
  /** Conditions on fields, all of which must be met: a value, { in: [values] }, or { min, max } for numbers. */
  readonly filter?: Filter | undefined;
  /** Passages that each of dense, lexical and BM25 contributes. Default max(200, 10 * limit). */
  readonly candidates?: number | undefined;
  /** Passages that ColBERT orders. Default max(200, limit). */
  readonly rerank?: number | undefined;
  /** Tell why each document was found. Default false. */
  readonly explain?: boolean | undefined;
}

/** A UTF-16 range [start, end). */
export interface CharacterRange {
  readonly start: number;
  readonly end: number;
}

/** A range of a document's title or text: of the whole text, whichever passage of it was found. */
export interface DocumentRange extends CharacterRange {
  readonly of: "title" | "text";
}

/** A token that query and passage share. */
export interface MatchingToken {
  readonly token: string;
  readonly queryWeight: number;
  /** As stored, in 8 bits. */
  readonly passageWeight: number;
  /** What it adds to the lexical score. */
  readonly product: number;
  /** Every place where it is. */
  readonly query: readonly CharacterRange[];
  readonly passage: readonly DocumentRange[];
}

/** What a token of the query met in MaxSim. */
export interface TokenMeeting {
  /** Null for the token that ends a text, which has a vector too. */
  readonly query: CharacterRange | null;
  /** Null also where tokens were pooled: then a stored vector has no single place. */
  readonly passage: DocumentRange | null;
  readonly similarity: number;
}

/** Why a document was found. */
export interface SearchExplanation {
  /** Largest product first. */
  readonly terms: readonly MatchingToken[];
  /** In the order of the query. Empty for an index without ColBERT vectors. */
  readonly tokens: readonly TokenMeeting[];
}

/** A document that was found. */
export interface SearchHit {
  readonly id: string;
  /** Of its best passage. Higher is better; only scores of one search can be compared. */
  readonly score: number;
  /** What each signal gave; null where a signal was not used. */
  readonly parts: ScoreParts;
  readonly title: string | undefined;
  readonly url: string | undefined;
  readonly fields: Fields | undefined;
  /** The best passage: its text, and where it is in the document's. */
  readonly passage: CharacterRange & { readonly text: string };
  /** With `explain: true`. */
  readonly explanation?: SearchExplanation | undefined;
}

/** What a search gives. */
export interface SearchResult {
  /** Best first. */
  readonly hits: readonly SearchHit[];
  /** The query was noticed to be in another language than the corpus: then lexical weights are not used, unless `weights` says otherwise. */
  readonly crossLingual: boolean;
  /** The query was longer than the model reads, and cut. */
  readonly truncated: boolean;
  /** What the signals were weighed with. */
  readonly weights: Weights;
}

/** A document as it was added, but for a title that was empty. */
export type StoredDocument = TextDocument;
