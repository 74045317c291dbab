/** What an index holds: as it was asked for, else as the one that is there, else all that the model gives. */
import type { ByteStore } from "#core/byte-store.ts";
import { InvalidInputError, MissingHeadError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import { readMeta } from "#search/meta.ts";
import type { IndexSettings } from "#search/settings.ts";
import type { PassageLimits } from "./passages.ts";
import type { IndexShape } from "./types.ts";

export type IndexLimits = PassageLimits;

/** As the encoder's default. */
const DEFAULT_PASSAGE_TOKENS = 512;
/** Fewer leave no room for text beside a title and a prompt. */
const FEWEST_PASSAGE_TOKENS = 32;
const DEFAULT_OVERLAP_SHARE = 8;
const LARGEST_OVERLAP_SHARE = 4;

/** @throws InvalidInputError */
export function resolveLimits({ passageTokens, overlapTokens }: IndexShape, { maxTokens }: Manifest): IndexLimits {
  const passage = Math.min(passageTokens ?? DEFAULT_PASSAGE_TOKENS, maxTokens);
  if (passage < FEWEST_PASSAGE_TOKENS) throw new InvalidInputError("options.passageTokens", `at least ${FEWEST_PASSAGE_TOKENS}`, passage);
  const overlap = overlapTokens ?? Math.floor(passage / DEFAULT_OVERLAP_SHARE);
  const most = Math.floor(passage / LARGEST_OVERLAP_SHARE);
  if (overlap > most) throw new InvalidInputError("options.overlapTokens", `at most ${most}, a quarter of passageTokens`, overlap);
  return { passageTokens: passage, overlapTokens: overlap };
}

/**
 * @param foreign take what is of the model (its fingerprint, widths) from the index that is there, whichever made it
 * @throws MissingHeadError when ColBERT vectors are asked for that the model does not give; CorruptIndexError; NewerIndexError
 */
export async function indexSettings(store: ByteStore, { colbert, pooling, bm25 }: IndexShape, manifest: Manifest, foreign = false): Promise<IndexSettings> {
  const stored = (await readMeta(store))?.settings;
  const { heads, architecture, fingerprint, name } = manifest;
  if (colbert && !heads.colbert) throw new MissingHeadError("ColBERT", name);
  const form = colbert ?? (stored ? (stored.tokens?.form ?? false) : "int8");
  const wanted = {
    fingerprint,
    dense: { dim: architecture.hiddenSize },
    lexical: heads.lexical !== null,
    tokens: form && heads.colbert ? { dim: heads.colbert.dim, form, pooling: pooling ?? stored?.tokens?.pooling ?? 1 } : null,
    words: bm25 ?? stored?.words ?? true,
  };
  if (!foreign || !stored) return wanted;
  const tokens = wanted.tokens && stored.tokens ? { ...wanted.tokens, dim: stored.tokens.dim } : wanted.tokens;
  return { ...wanted, fingerprint: stored.fingerprint, dense: stored.dense, lexical: stored.lexical, tokens };
}
