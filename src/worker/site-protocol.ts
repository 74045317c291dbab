/** What crosses for published indexes. Types only. */
import type { IndexSearchOptions, SearchHit } from "#texts/types.ts";

/** What a published index holds. */
export interface PublishedInfo {
  /** Name of the model that made it. */
  readonly model: string;
  /** By BCP 47 tag; "und" for pages that do not tell theirs. */
  readonly languages: Readonly<Record<string, { readonly documents: number; readonly passages: number; readonly bytes: number }>>;
}

/** How to search a published index. */
export interface PublishedSearchOptions extends Pick<IndexSearchOptions, "limit" | "filter" | "fusion" | "candidates" | "rerank" | "explain"> {
  /** Only pages of these languages: each is an index of its own, of which nothing is read otherwise. Default: all. */
  readonly languages?: readonly string[] | undefined;
  /** Search by words (BM25), without the model. Default false. */
  readonly wordsOnly?: boolean | undefined;
}

/** A section that was found. */
export interface PublishedHit extends SearchHit {
  readonly language: string;
}

export interface PublishedResult {
  /** Best first. */
  readonly hits: readonly PublishedHit[];
}

export type PublishedOperation = { readonly kind: "open" } | { readonly kind: "search"; readonly query: string; readonly options: PublishedSearchOptions };

export type PublishedAnswer = PublishedInfo | PublishedResult;

/** A search by words alone, in a worker of its own, while the model is not there: all that it needs of the model is the vocabulary. */
export interface WordsRequest {
  /** Absolute URL of the index's folder, ending in a slash. */
  readonly url: string;
  /** Name, URL or path of the model, resolved against `baseUrl`. */
  readonly model: string;
  readonly baseUrl: string;
}
