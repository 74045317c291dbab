/** A segment's content in the order in which it is written. The builder makes one from documents, a merge from segments. */
import type { FieldType, FieldValue } from "../fields/field-types.ts";
import type { PostingList } from "../postings/list-format.ts";
import type { TokensInput } from "../vectors/token-format.ts";

/** By rising term. */
export type TermLists = AsyncIterable<readonly [term: number, list: PostingList]>;

export interface SegmentSource {
  readonly documents: number;
  /** Encoded records (document-file.ts). */
  readonly records: () => AsyncIterable<Uint8Array>;
  readonly fields: readonly { readonly name: string; readonly type: FieldType; value(document: number): FieldValue | undefined }[];
  /** Encoded rows (dense-format.ts), in chunks of whole rows; may be asked for twice. Null when the index has none. */
  readonly denseRows: (() => AsyncIterable<Uint8Array>) | null;
  /** Values are impacts. */
  readonly lexical: TermLists | null;
  /** Values are counts from 1 to 255. */
  readonly words: { readonly lists: TermLists; readonly lengths: Uint32Array } | null;
  readonly tokens: TokensInput | null;
}
