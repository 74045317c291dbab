/**
 * Clusters of a text → normalised characters in a {@link Word}, each with the source character it is aligned with.
 *
 * The alignment is Rust's, whose rule is by count: each output character takes the next source character, an added one repeats the last, and removed ones
 * are skipped; but those removed before anything was put out are NOT skipped, so that all that follows is aligned too early by as many (README.md, "Offsets").
 */
import type { CharacterRules } from "./character-rules.ts";
import { codePointAt, countCharacters, unitsAt, unitsBefore, utf8Bytes } from "./code-points.ts";
import type { Word } from "./word.ts";

/** Clusters of this many UTF-8 bytes or more are not looked up whole. */
const CLUSTER_BYTES = 6;

export class Normalizer {
  /** Start of the source character with which the next output character is aligned. */
  source = 0;
  private readonly rules: CharacterRules;
  private readonly word: Word;
  /** Whether a space closes the word for good, or becomes the mark of the next one. */
  private readonly keepsSpaces: boolean;
  private text = "";
  private limit = 0;
  private hasOutput = false;
  /** Whether the last output character was an added one. */
  private lastIsAdded = false;

  constructor(rules: CharacterRules, word: Word, keepsSpaces: boolean) {
    this.rules = rules;
    this.word = word;
    this.keepsSpaces = keepsSpaces;
  }

  /** Begins a stretch of text that is normalised on its own. */
  begin(text: string, start: number, limit: number): void {
    this.text = text;
    this.limit = limit;
    this.source = start;
    this.hasOutput = false;
    this.lastIsAdded = false;
  }

  /** Says that the caller has put out the text up to here unchanged. */
  skipTo(at: number): void {
    this.source = at;
    this.hasOutput = true;
    this.lastIsAdded = false;
  }

  /** Puts out one cluster: of one character if `codePoint` is all of it. */
  putCluster(codePoint: number, start: number, end: number): void {
    if (end - start === (codePoint > 0xffff ? 2 : 1)) this.putCharacter(codePoint);
    else {
      const whole = this.wholeRule(codePoint, start, end);
      if (whole !== undefined) this.replace(whole, countCharacters(this.text, start, end));
      else {
        for (let at = start; at < end; at += unitsAt(this.text, at, this.limit)) this.putCharacter(codePointAt(this.text, at, this.limit));
      }
    }
  }

  /** The rule for a cluster of several characters as a whole, if there is one. */
  private wholeRule(first: number, start: number, end: number): string | undefined {
    if (end - start >= CLUSTER_BYTES) return undefined;
    let bytes = 0;
    for (let at = start; at < end; at += unitsAt(this.text, at, this.limit)) bytes += utf8Bytes(codePointAt(this.text, at, this.limit));
    if (bytes >= CLUSTER_BYTES) return undefined;
    return this.rules.single(first) ?? this.rules.pair(first, codePointAt(this.text, start + (first > 0xffff ? 2 : 1), this.limit));
  }

  private putCharacter(codePoint: number): void {
    const replacement = this.rules.single(codePoint);
    if (replacement === undefined) this.put(codePoint, 0);
    else this.replace(replacement, 1);
  }

  /** Puts out a replacement for so many source characters. */
  private replace(replacement: string, replaced: number): void {
    if (replacement === "") {
      this.remove(replaced);
      return;
    }
    const characters = countCharacters(replacement, 0, replacement.length);
    for (let at = 0, index = 0; at < replacement.length; index++) {
      const codePoint = codePointAt(replacement, at, replacement.length);
      at += codePoint > 0xffff ? 2 : 1;
      const isLast = at === replacement.length;
      this.put(codePoint, index >= replaced ? 1 : isLast && replaced > characters ? characters - replaced : 0);
    }
  }

  /** Rust charges removed characters to the last output character; an added one becomes a replacement by that. */
  private remove(count: number): void {
    if (!this.hasOutput) return;
    if (this.lastIsAdded) this.word.realignLast(this.source, this.source + unitsAt(this.text, this.source, this.limit));
    this.lastIsAdded = false;
    this.skip(count);
  }

  /** One output character. `change`: 1 for one beyond those replaced, -n for one that stands for n source characters more than one. */
  private put(codePoint: number, change: number): void {
    let start = this.source;
    let end = start;
    if (change > 0) start -= unitsBefore(this.text, start);
    else {
      end += unitsAt(this.text, start, this.limit);
      this.source = end;
      this.skip(-change);
    }
    this.hasOutput = true;
    this.lastIsAdded = change > 0;
    if (!this.rules.isSpace(codePoint)) this.word.push(codePoint, start, end);
    else if (!this.keepsSpaces) this.word.close();
    else {
      // A run of spaces is one, in the place of the last.
      if (this.word.length > 1) this.word.close();
      this.word.mark(start, end);
    }
  }

  private skip(characters: number): void {
    for (let i = 0; i < characters; i++) this.source += unitsAt(this.text, this.source, this.limit);
  }
}
