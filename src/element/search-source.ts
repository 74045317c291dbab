/** What the element asks: anything that answers a query, at first perhaps by words alone and a moment later better. */

/** UTF-16 range [start, end). */
export type TextRange = readonly [start: number, end: number];

/** A text with the parts of it that answer the query. */
export interface MarkedText {
  readonly text: string;
  readonly marks: readonly TextRange[];
}

export interface SearchResult {
  /** The same for the same result of every query. */
  readonly id: string;
  readonly url: string;
  readonly title: MarkedText;
  readonly snippet: MarkedText;
  /** BCP 47 tag of the page, where it is known. */
  readonly lang?: string | undefined;
}

/** `words`: found by the query's words (BM25). `meaning`: ranked by the model. */
export type SearchStage = "words" | "meaning";

export interface SearchPage {
  readonly stage: SearchStage;
  /** Best first. */
  readonly results: readonly SearchResult[];
}

/** `waiting`: nobody has asked for it. `declined`: this device had better not load it unless its user wants to (data saver, little memory). */
export type ModelState =
  | { readonly kind: "waiting" | "declined" | "ready" }
  | { readonly kind: "loading"; readonly loaded: number; readonly total: number }
  | { readonly kind: "failed"; readonly message: string };

export interface SearchSource extends EventTarget {
  /** Of the model that ranks by meaning. Changes are told by an event "modelchange". */
  readonly model: ModelState;
  /** Loads the model also where it was declined. */
  loadModel(): void;
  /** The answer, and again when there is a better one: the last page is the best that can be had. Ends early, without an error, when `signal` aborts. */
  search(query: string, options: { readonly limit: number; readonly signal: AbortSignal }): AsyncIterable<SearchPage>;
}
