/**
 * SentencePiece's `precompiled_charsmap` → the rules that can take effect in the Rust tokenizer.
 *
 * The blob is a Darts double-array trie (u32 byte length, units) over UTF-8 and the replacement texts, each ended by NUL. Rust looks up a whole grapheme
 * cluster of fewer than six bytes, then single characters, and takes the SHORTEST key that begins the looked-up text. So a key of several characters
 * counts only if it is shorter than six bytes and no shorter key begins it: of 225,276 keys 5,684 are left.
 */
import { InvalidCheckpointError } from "#core/errors.ts";
import { WORD_MARK } from "#tokenizer/vocabulary-format.ts";

/** Key characters → replacement, sorted by code points. */
export interface CharsmapRules {
  readonly singles: readonly (readonly [codePoint: number, replacement: string])[];
  readonly pairs: readonly (readonly [first: number, second: number, replacement: string])[];
}

/** Clusters of this many UTF-8 bytes or more are never looked up whole. */
const CLUSTER_BYTES = 6;
/** A damaged trie may lead in circles: a sound one has far fewer nodes as near to its root as clusters reach. */
const MAX_VISITS = 2 ** 20;

/** @throws InvalidCheckpointError when the blob is not such a trie, or has rules that the vocabulary file cannot hold */
export function readCharsmap(blob: Uint8Array): CharsmapRules {
  const keys = readKeys(blob);
  const singles = new Map<number, string>();
  for (const [key, replacement] of keys) if (key.length === 1) singles.set(key[0]!, replacement);
  const pairs = keys.filter(([key]) => key.length === 2 && !singles.has(key[0]!));
  const pairKeys = new Set(pairs.map(([[first, second]]) => `${first},${second}`));
  for (const [key] of keys) {
    const isShadowed = key.length <= 2 || singles.has(key[0]!) || pairKeys.has(`${key[0]},${key[1]}`);
    if (!isShadowed) throw new InvalidCheckpointError("its charsmap has a rule for three characters that takes effect, which is not supported.");
  }
  if (keys.some(([, replacement]) => replacement.includes(WORD_MARK)) || !singles.has(WORD_MARK.codePointAt(0)!)) {
    throw new InvalidCheckpointError(`its charsmap lets "${WORD_MARK}" stay in a text, which is not supported.`);
  }
  return {
    singles: [...singles].sort(([a], [b]) => a - b),
    pairs: pairs.map(([[first, second], replacement]) => [first!, second!, replacement] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
  };
}

type Key = readonly [codePoints: readonly number[], replacement: string];

/** Keys that are short enough to be looked up. */
function readKeys(blob: Uint8Array): Key[] {
  const fail = () => new InvalidCheckpointError("its normalizer's precompiled_charsmap is damaged.");
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const trieBytes = blob.length >= 8 ? view.getUint32(0, true) : 0;
  if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes + 4 > blob.length) throw fail();
  const count = trieBytes / 4;
  const texts = blob.subarray(4 + trieBytes);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (bytes: Uint8Array) => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw fail();
    }
  };
  const unitAt = (index: number) => view.getUint32(4 + 4 * index, true);
  const keys: Key[] = [];
  const path: number[] = [];
  let visits = 0;
  const visit = (node: number) => {
    if (++visits > MAX_VISITS) throw fail();
    for (let byte = 1; byte < 256; byte++) {
      const next = node ^ byte;
      if (next >= count) continue;
      const unit = unitAt(next);
      if ((unit & 0x800000ff) !== byte) continue;
      const child = next ^ childOffset(unit);
      if (child >= count) throw fail();
      path.push(byte);
      if ((unit >>> 8) & 1) {
        const start = unitAt(child) & 0x7fffffff;
        const end = texts.indexOf(0, start);
        if (start > texts.length) throw fail();
        const key = decode(Uint8Array.from(path));
        keys.push([[...key].map((character) => character.codePointAt(0)!), decode(texts.subarray(start, end < 0 ? texts.length : end))]);
      }
      if (path.length < CLUSTER_BYTES - 1) visit(child);
      path.pop();
    }
  };
  visit(childOffset(unitAt(0)));
  return keys;
}

/** Where a unit's children begin, relative to it: Darts' packing of an offset with a wide flag. */
function childOffset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
