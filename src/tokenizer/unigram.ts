/**
 * The unigram model: the best way to cut one word (the word mark and what follows) into pieces, by Viterbi over the trie of pieces, exactly as
 * `encode_optimized` of the Rust tokenizers does it: float64 sums added in the same order, the first of equally good ways wins, a character that is no
 * piece costs ten more than the worst piece, and neighbouring unknown characters are one token.
 */
import type { PieceTrie } from "./piece-trie.ts";
import { WORD_MARK_UNIT } from "./vocabulary-format.ts";

const UNKNOWN_PENALTY = 10;
/** Words up to this many units keep their arrays; those of longer ones are let go. */
const KEPT_UNITS = 1 << 14;

export class Unigram {
  /** The word, filled by the caller from index 1 on; index 0 always holds the word mark. */
  units = new Uint16Array(256);
  /** The result: ids and, per token, the unit after its last one; the first `count` entries. */
  ids = new Int32Array(256);
  ends = new Int32Array(256);
  count = 0;
  /** Trie steps since the start: how much work was done, for tests. */
  steps = 0;

  private readonly trie: PieceTrie;
  private readonly scores: Float64Array;
  private readonly unkId: number;
  private readonly unknownScore: number;
  private bestScore = new Float64Array(257);
  private bestStart = new Int32Array(257);
  private bestId = new Int32Array(257);

  constructor(trie: PieceTrie, scores: Float64Array, unkId: number) {
    this.trie = trie;
    this.scores = scores;
    this.unkId = unkId;
    let worst = Number.POSITIVE_INFINITY;
    for (let id = 0; id < scores.length; id++) if (scores[id]! < worst) worst = scores[id]!;
    this.unknownScore = worst - UNKNOWN_PENALTY;
    this.units[0] = WORD_MARK_UNIT;
  }

  /** Makes room for a word of so many units, the word mark included, keeping what is there. */
  reserve(units: number): void {
    if (units > this.units.length) this.resize(2 ** Math.ceil(Math.log2(units)));
  }

  /** Lets go of memory that only a very long word needed. */
  shrink(): void {
    if (this.units.length > KEPT_UNITS) this.resize(256);
  }

  /** Cuts units[0, length), which must be well-formed UTF-16, into {@link ids} and {@link ends}. */
  segment(length: number): void {
    this.search(length);
    this.trace(length);
  }

  private search(length: number): void {
    const { trie, scores, units, bestScore, bestStart, bestId } = this;
    bestStart.fill(-1, 1, length + 1);
    bestScore[0] = 0;
    let start = 0;
    while (start < length) {
      const till = bestScore[start]!;
      const characterEnd = start + ((units[start]! & 0xfc00) === 0xd800 ? 2 : 1);
      let hasSingle = false;
      let node = trie.root;
      let at = start;
      while (at < length) {
        node = trie.child(node, units[at]!);
        if (node < 0) break;
        at++;
        const id = trie.idAt(node);
        if (id < 0) continue;
        const score = scores[id]! + till;
        if (bestStart[at]! < 0 || score > bestScore[at]!) {
          bestScore[at] = score;
          bestStart[at] = start;
          bestId[at] = id;
        }
        if (at === characterEnd) hasSingle = true;
      }
      this.steps += at - start + 1;
      if (!hasSingle) {
        const score = this.unknownScore + till;
        if (bestStart[characterEnd]! < 0 || score > bestScore[characterEnd]!) {
          bestScore[characterEnd] = score;
          bestStart[characterEnd] = start;
          bestId[characterEnd] = this.unkId;
        }
      }
      start = characterEnd;
    }
  }

  /** Follows the best way back from the end, then turns it round. */
  private trace(length: number): void {
    const { ids, ends, bestStart, bestId, unkId } = this;
    let count = 0;
    for (let end = length; end > 0; end = bestStart[end]!) {
      const id = bestId[end]!;
      if (id === unkId && count > 0 && ids[count - 1] === unkId) continue;
      ids[count] = id;
      ends[count] = end;
      count++;
    }
    ids.subarray(0, count).reverse();
    ends.subarray(0, count).reverse();
    this.count = count;
  }

  private resize(units: number): void {
    const old = this.units;
    this.units = new Uint16Array(units);
    this.units.set(old.subarray(0, Math.min(old.length, units)));
    this.ids = new Int32Array(units);
    this.ends = new Int32Array(units);
    this.bestScore = new Float64Array(units + 1);
    this.bestStart = new Int32Array(units + 1);
    this.bestId = new Int32Array(units + 1);
  }
}
