/** Writes a segment's files. Until the meta file names them, nobody reads them. */

import { throwIfAborted } from "#core/abort.ts";
import type { ByteStore } from "#core/byte-store.ts";
import { writePostings } from "../postings/postings-file.ts";
import type { IndexSettings } from "../settings.ts";
import { writeDense } from "../vectors/dense-format.ts";
import { writeTokens } from "../vectors/token-format.ts";
import { writeDocuments } from "./document-file.ts";
import type { SegmentSource } from "./source.ts";

/** The files of a segment by what they hold; the values are bytes. */
export interface SegmentSizes {
  readonly documents: number;
  readonly dense?: number | undefined;
  readonly lexical?: number | undefined;
  readonly words?: number | undefined;
  readonly tokens?: number | undefined;
}

export type SegmentPart = keyof SegmentSizes;

export function segmentFile(segment: string, part: SegmentPart): string {
  return `${segment}.${part}`;
}

export async function writeSegment(
  store: ByteStore,
  segment: string,
  settings: IndexSettings,
  source: SegmentSource,
  signal?: AbortSignal | undefined,
): Promise<SegmentSizes> {
  const { documents, denseRows, lexical, words, tokens } = source;
  const name = (part: SegmentPart) => segmentFile(segment, part);
  const sizes: { -readonly [part in keyof SegmentSizes]: SegmentSizes[part] } = {
    documents: await writeDocuments(store, name("documents"), { documents, records: source.records(), fields: source.fields }),
  };
  throwIfAborted(signal);
  if (settings.dense && denseRows) sizes.dense = await writeDense(store, name("dense"), settings.dense.dim, documents, denseRows);
  throwIfAborted(signal);
  if (lexical) sizes.lexical = await writePostings(store, name("lexical"), "lexical", { documents, lists: lexical });
  throwIfAborted(signal);
  if (words) sizes.words = await writePostings(store, name("words"), "words", { documents, lists: words.lists, lengths: words.lengths });
  throwIfAborted(signal);
  if (settings.tokens && tokens) sizes.tokens = await writeTokens(store, name("tokens"), settings.tokens, tokens);
  throwIfAborted(signal);
  return sizes;
}
