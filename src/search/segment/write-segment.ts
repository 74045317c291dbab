/** Writes a segment's files. Until the meta file names them, nobody reads them. Others get their turn meanwhile. */
import type { ByteStore } from "#core/byte-store.ts";
import { writePostings } from "../postings/postings-file.ts";
import type { IndexSettings } from "../settings.ts";
import { writeDense } from "../vectors/dense-format.ts";
import { writeTokens } from "../vectors/token-format.ts";
import { writeDocuments } from "./document-file.ts";
import { Pacer } from "./pacer.ts";
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
  const pacer = new Pacer(signal);
  const name = (part: SegmentPart) => segmentFile(segment, part);
  const sizes: { -readonly [part in keyof SegmentSizes]: SegmentSizes[part] } = {
    documents: await writeDocuments(store, name("documents"), { documents, records: pacer.each(source.records()), fields: source.fields }),
  };
  if (settings.dense && denseRows) sizes.dense = await writeDense(store, name("dense"), settings.dense.dim, documents, () => pacer.each(denseRows()));
  if (lexical) sizes.lexical = await writePostings(store, name("lexical"), "lexical", { documents, lists: pacer.each(lexical) });
  if (words) sizes.words = await writePostings(store, name("words"), "words", { documents, lists: pacer.each(words.lists), lengths: words.lengths });
  if (settings.tokens && tokens) {
    const { counts, records, sketches } = tokens;
    sizes.tokens = await writeTokens(store, name("tokens"), settings.tokens, {
      counts,
      records: () => pacer.each(records()),
      sketches: sketches && (() => pacer.each(sketches())),
    });
  }
  await pacer.pause();
  return sizes;
}
