/**
 * A stretch of text without added tokens → its words → tokens.
 *
 * Two ways give the same result. The fast one takes words of plain characters, which stay as they are, so that offsets follow from lengths. At anything else
 * the word goes on cluster by cluster through the {@link Normalizer}, until a word ends where the alignment is not shifted.
 */
import { type CharacterRules, UnitKind } from "./character-rules.ts";
import { codePointAt } from "./code-points.ts";
import { clusterEnd } from "./grapheme.ts";
import { Normalizer } from "./normalizer.ts";
import type { TokenBuffer } from "./token-buffer.ts";
import type { Unigram } from "./unigram.ts";
import { SpaceHandling } from "./vocabulary-format.ts";
import { isWhiteSpace } from "./white-space.ts";
import { Word } from "./word.ts";

export class TextScanner {
  private readonly rules: CharacterRules;
  private readonly unigram: Unigram;
  private readonly tokens: TokenBuffer;
  private readonly word: Word;
  private readonly normalizer: Normalizer;
  private readonly keepsSpaces: boolean;
  private readonly stripsEnd: boolean;
  private text = "";
  private limit = 0;

  /** @param spaceHandling one of {@link SpaceHandling} */
  constructor(rules: CharacterRules, unigram: Unigram, tokens: TokenBuffer, spaceHandling: number) {
    this.rules = rules;
    this.unigram = unigram;
    this.tokens = tokens;
    this.keepsSpaces = spaceHandling !== SpaceHandling.split;
    this.stripsEnd = spaceHandling === SpaceHandling.markAndStrip;
    this.word = new Word(unigram, tokens);
    this.normalizer = new Normalizer(rules, this.word, this.keepsSpaces);
  }

  /** Puts the tokens of text[start, end) into the buffer. */
  scan(text: string, start: number, end: number): void {
    const { word, normalizer, unigram } = this;
    this.text = text;
    this.limit = end;
    word.clear();
    normalizer.begin(text, start, end);
    for (let at = start; at < end; ) at = word.length === 1 && normalizer.source === at ? this.scanPlain(at) : this.scanWord(at);
    if (this.stripsEnd) {
      while (word.length > 1 && isWhiteSpace(unigram.units[word.length - 1]!)) word.length--;
      if (word.length === 1) word.clear();
    }
    word.close();
    unigram.shrink();
  }

  /** Words of plain characters from a cluster boundary on, until something else comes up; returns the cluster boundary where it stopped. */
  private scanPlain(from: number): number {
    const { text, limit, unigram, word, keepsSpaces } = this;
    const { kinds } = this.rules;
    let { units } = unigram;
    let wordStart = from;
    let length = 1;
    let at = from;
    for (; at < limit; at++) {
      const unit = text.charCodeAt(at);
      const kind = kinds[unit]!;
      if (kind === 0) {
        if (length === units.length) {
          unigram.reserve(length + 1);
          units = unigram.units;
        }
        units[length++] = unit;
      } else if (kind === UnitKind.space && (at + 1 === limit || (kinds[text.charCodeAt(at + 1)]! & UnitKind.joiner) === 0)) {
        if (length > 1) this.putPlain(wordStart, length);
        length = 1;
        wordStart = at + 1;
        if (keepsSpaces) word.mark(at, at + 1);
      } else {
        // A joiner takes the last plain character into its cluster.
        if ((kind & UnitKind.joiner) !== 0 && length > 1) {
          length--;
          at--;
        }
        break;
      }
    }
    word.adopt(length, wordStart);
    if (at > from) this.normalizer.skipTo(at);
    return at < limit ? this.scanWord(at) : at;
  }

  /** Puts out the tokens of a plain word; the word mark, if no space gave it a place, shares that of the first character. */
  private putPlain(wordStart: number, length: number): void {
    const { unigram, tokens, word } = this;
    unigram.segment(length);
    const { ids, ends, count } = unigram;
    let start = word.isMarked ? word.markStart : wordStart;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      tokens.push(ids[i]!, start, end > 1 ? wordStart + end - 1 : word.isMarked ? word.markEnd : wordStart + 1);
      start = wordStart + end - 1;
    }
    word.isMarked = false;
  }

  /** Cluster by cluster, through all rules, to the end of the word; returns the cluster boundary where it stopped. */
  private scanWord(from: number): number {
    const { text, limit, rules, word, normalizer } = this;
    let at = from;
    while (at < limit) {
      const codePoint = codePointAt(text, at, limit);
      const next = at + (codePoint > 0xffff ? 2 : 1);
      const end = this.mayHaveMore(codePoint, next) ? clusterEnd(rules.classes, text, at, limit) : next;
      normalizer.putCluster(codePoint, at, end);
      at = end;
      if (word.length === 1) break;
    }
    return at;
  }

  /** Whether the cluster of a character may go on at the next one. Halves of surrogate pairs have no class of their own, so for them it may. */
  private mayHaveMore(codePoint: number, next: number): boolean {
    const { kinds } = this.rules;
    return next < this.limit && (codePoint > 0xffff || (kinds[this.text.charCodeAt(next)]! | kinds[codePoint]!) >= UnitKind.special);
  }
}
