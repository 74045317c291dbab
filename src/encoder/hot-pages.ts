/**
 * Which pages of the embedding table are worth having before a token asks for them.
 *
 * XLM-RoBERTa numbers its tokens by frequency over all its languages, so the first pages are the hot ones: docs/decisions/hot-pages.md has the measurement.
 */
import type { Manifest } from "#core/manifest.ts";

/** An eighth of the table has three quarters of the tokens of a text, and half of the pages that a question needs. */
const HOT_PART = 1 / 8;

/** Numbers of the hot pages, the hottest first. */
export function hotPages({ wordEmbeddings }: Manifest): number[] {
  return Array.from({ length: Math.ceil(wordEmbeddings.shards.length * HOT_PART) }, (_, page) => page);
}

/** Numbers of all pages, the hottest first. */
export function allPages({ wordEmbeddings }: Manifest): number[] {
  return [...wordEmbeddings.shards.keys()];
}
