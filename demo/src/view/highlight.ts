/** Marks in a page's text the words by which the lexical head found it. */
import type { QueryToken } from "../state.ts";
import { h } from "./dom.ts";

/** Pieces of the question with less than this share of its largest weight are not worth a mark: particles, "the". */
const LEAST_SHARE = 0.4;
/** In scripts that put spaces between words, a mark covers a whole word of which a piece matches at least this much from its start. */
const LEAST_COVERAGE = 0.6;

/** A word, or in scripts without spaces a run of characters. */
export const word = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts whose words are marked in part. */
export const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** The text of the pieces that are worth a mark. */
export function piecesToMark(tokens: ReadonlyMap<number, QueryToken>, shared: readonly number[]): string[] {
  const heaviest = Math.max(...[...tokens.values()].map(({ weight }) => weight));
  const pieces = shared.map((id) => tokens.get(id)).filter((token) => token !== undefined && token.weight >= LEAST_SHARE * heaviest);
  return [...new Set(pieces.map((token) => token!.text.trim().toLowerCase()))].filter((piece) => piece.length > 0);
}

/** Ranges [start, end) of the text to mark, in order, without overlaps. */
export function markedRanges(text: string, pieces: readonly string[]): (readonly [number, number])[] {
  return [...text.matchAll(word)].flatMap((match) => {
    const found = match[0].toLowerCase();
    // Lower case may be longer ("İ"): then positions would be off.
    if (found.length !== match[0].length) return [];
    return (unspaced.test(found) ? substrings(found, pieces) : wholeWord(found, pieces)).map(
      ([start, end]) => [match.index + start, match.index + end] as const,
    );
  });
}

function wholeWord(found: string, pieces: readonly string[]): [number, number][] {
  let covered = 0;
  for (let next = longestAt(found, 0, pieces); next > 0; next = longestAt(found, covered, pieces)) covered += next;
  return covered >= LEAST_COVERAGE * found.length ? [[0, found.length]] : [];
}

function substrings(found: string, pieces: readonly string[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (let at = 0; at < found.length; ) {
    const length = longestAt(found, at, pieces);
    const last = ranges.at(-1);
    if (length > 0 && last?.[1] === at) last[1] = at + length;
    else if (length > 0) ranges.push([at, at + length]);
    at += length || 1;
  }
  return ranges;
}

function longestAt(text: string, at: number, pieces: readonly string[]): number {
  return Math.max(0, ...pieces.filter((piece) => text.startsWith(piece, at)).map((piece) => piece.length));
}

export function withMarks(text: string, pieces: readonly string[]): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let done = 0;
  for (const [start, end] of markedRanges(text, pieces)) {
    parts.push(text.slice(done, start), h("mark", {}, text.slice(start, end)));
    done = end;
  }
  return [...parts, text.slice(done)];
}
