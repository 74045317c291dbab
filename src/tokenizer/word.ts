/**
 * The word that is being read: its units after the word mark (they lie in the model's own array), and for each the range of the text that it is aligned
 * with. Closing it cuts it into pieces and puts their ids and offsets out.
 */
import type { TokenBuffer } from "./token-buffer.ts";
import type { Unigram } from "./unigram.ts";

export class Word {
  /** Units so far, the word mark included. */
  length = 1;
  /** Whether the mark stands for a space of the text and so has a place there, and is a word even without anything after it. */
  isMarked = false;
  /** The place of that space. */
  markStart = 0;
  markEnd = 0;
  readonly unigram: Unigram;
  private readonly tokens: TokenBuffer;
  private starts = new Int32Array(256);
  private ends = new Int32Array(256);

  constructor(unigram: Unigram, tokens: TokenBuffer) {
    this.unigram = unigram;
    this.tokens = tokens;
  }

  /** Forgets the word. */
  clear(): void {
    this.length = 1;
    this.isMarked = false;
  }

  /** Gives the word mark the place of a space. */
  mark(start: number, end: number): void {
    this.isMarked = true;
    this.markStart = start;
    this.markEnd = end;
  }

  push(codePoint: number, start: number, end: number): void {
    this.reserve(this.length + 2);
    const { units } = this.unigram;
    if (codePoint > 0xffff) {
      units[this.length] = 0xd800 + ((codePoint - 0x10000) >> 10);
      this.place(this.length++, start, end);
      units[this.length] = 0xdc00 + (codePoint & 0x3ff);
    } else units[this.length] = codePoint;
    this.place(this.length++, start, end);
  }

  /** Takes over units [1, length) that the caller has put into the model's array from consecutive places of the text, the first from `start`. */
  adopt(length: number, start: number): void {
    this.reserve(length);
    for (let i = 1; i < length; i++) this.place(i, start + i - 1, start + i);
    this.length = length;
  }

  /** Gives the last character, or the mark if there is none, another place. */
  realignLast(start: number, end: number): void {
    const last = this.length - 1;
    if (last === 0) {
      this.markStart = start;
      this.markEnd = end;
      return;
    }
    this.place(last, start, end);
    if ((this.unigram.units[last]! & 0xfc00) === 0xdc00) this.place(last - 1, start, end);
  }

  /** Puts out the word's tokens, if it has any, and begins an empty one. */
  close(): void {
    const { unigram, tokens, starts, ends, length } = this;
    if (length > 1 || this.isMarked) {
      this.place(0, this.isMarked ? this.markStart : starts[1]!, this.isMarked ? this.markEnd : ends[1]!);
      unigram.segment(length);
      let first = 0;
      for (let i = 0; i < unigram.count; i++) {
        const end = unigram.ends[i]!;
        tokens.push(unigram.ids[i]!, starts[first]!, ends[end - 1]!);
        first = end;
      }
    }
    this.clear();
  }

  private place(index: number, start: number, end: number): void {
    this.starts[index] = start;
    this.ends[index] = end;
  }

  private reserve(length: number): void {
    if (length > this.unigram.units.length) this.unigram.reserve(length);
    if (length <= this.starts.length) return;
    const { starts, ends } = this;
    this.starts = new Int32Array(this.unigram.units.length);
    this.ends = new Int32Array(this.unigram.units.length);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}
