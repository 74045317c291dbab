/** What crosses for indexes of texts. Types only. */
import type { IndexInfo, IndexSearchOptions, IndexShape, SearchResult, StoredDocument, TextDocument } from "#texts/types.ts";

export type * from "#texts/types.ts";

/** In the browser's storage (private file system, else IndexedDB), for all tabs of the origin; or in the worker's memory, for one `M3IndexHandle` alone. */
export type IndexStorage = "persistent" | "memory";

/** Which index a call is for. */
export interface IndexRequest {
  /** Of one opening on the main thread; a worker that took another's place opens the index again under it. */
  readonly handle: string;
  readonly name: string;
  readonly storage: IndexStorage;
  readonly shape: IndexShape;
}

/** An addition has a key of its own, so that it is not made twice when a worker is lost and the call is sent again. */
export type IndexOperation =
  | { readonly kind: "open"; readonly reencode?: boolean }
  | { readonly kind: "info" | "reencode" }
  | { readonly kind: "add" | "update"; readonly documents: readonly TextDocument[]; readonly key: string }
  | { readonly kind: "remove"; readonly ids: readonly string[] }
  | { readonly kind: "get"; readonly ids: readonly string[] }
  | { readonly kind: "search"; readonly query: string; readonly options: IndexSearchOptions }
  | { readonly kind: "optimize" }
  | { readonly kind: "close" };

export type IndexAnswer = IndexInfo | SearchResult | readonly (StoredDocument | undefined)[] | number | undefined;
