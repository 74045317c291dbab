/** What is shown of a hit: its title, and the part of its passage that says most about the question, with what matched marked. */
import type { SearchHit } from "#worker/protocol.ts";

/** A text, and UTF-16 ranges of it that answer the question. */
export interface MarkedText {
  readonly text: string;
  readonly marks: readonly (readonly [start: number, end: number])[];
}

const SNIPPET_CHARACTERS = 200;
/** Matching tokens that say little ("the") would mark half of the text. */
const LEAST_SHARE = 0.15;
/** A token is a piece of a word as a rule. So much of a word in letters such as Latin's must have matched for the word to be marked: the "e" of "Clause" says nothing. */
const LEAST_PART = 0.5;
/** Letters of scripts that write words with spaces around them, and where the beginning of a word is not a word as in Korean. */
const SPACED = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Arabic}\p{Script=Hebrew}\p{N}]/u;
const SPACED_WORD = new RegExp(`${SPACED.source}[${SPACED.source.slice(1, -1)}\\p{M}]*`, "gu");
/** Of words shorter than this nothing is marked, in scripts with spaces. */
const SHORTEST_WORD = 3;
const MOST_WORDS = 32;

type Range = readonly [start: number, end: number];

export function markTitle({ title = "", explanation }: SearchHit, query: string): MarkedText {
  const marks = explanation?.terms.length ? wholeWords(title, rangesOf(explanation, "title")) : wordRanges(title, query);
  return { text: title, marks: marks.filter(([, end]) => end <= title.length) };
}

/** About 200 characters of the passage, where most of it matched. */
export function snippetOf({ passage, explanation }: SearchHit, query: string): MarkedText {
  const { text, start } = passage;
  const ranges = explanation?.terms.length
    ? wholeWords(
        text,
        rangesOf(explanation, "text").map(([from, to]): Range => [from - start, to - start]),
      )
    : wordRanges(text, query);
  const marks = ranges.filter(([from, to]) => from >= 0 && to <= text.length).sort((a, b) => a[0] - b[0]);
  const from = wordStart(text, bestStart(marks, text.length));
  const to = wordEnd(text, from + SNIPPET_CHARACTERS);
  const before = from > 0 ? "… " : "";
  const after = to < text.length ? " …" : "";
  const shift = before.length - from;
  return {
    text: before + text.slice(from, to) + after,
    marks: marks.flatMap(([first, last]) => (first >= from && last <= to ? [[first + shift, last + shift] as const] : [])),
  };
}

function rangesOf({ terms }: NonNullable<SearchHit["explanation"]>, part: "title" | "text"): Range[] {
  const best = Math.max(0, ...terms.map(({ product }) => product));
  return terms
    .filter(({ product }) => product >= best * LEAST_SHARE)
    .flatMap(({ passage }) => passage.filter((range) => range.of === part).map(({ start, end }): Range => [start, end]));
}

/** Pieces of words as whole words, where enough of a word matched. Pieces in other scripts stay as they are. */
function wholeWords(text: string, pieces: readonly Range[]): Range[] {
  const inside = pieces.filter(([from, to]) => from >= 0 && to <= text.length).sort((a, b) => a[0] - b[0]);
  const isSpaced = ([from, to]: Range) => SPACED.test(text.slice(from, to));
  const whole = inside.filter((piece) => !isSpaced(piece));
  const spaced = inside.filter(isSpaced);
  if (spaced.length === 0) return whole;
  let first = 0;
  for (const { 0: word, index } of text.matchAll(SPACED_WORD)) {
    const end = index + word.length;
    while (first < spaced.length && spaced[first]![1] <= index) first++;
    let matched = 0;
    let at = index;
    for (let next = first; next < spaced.length && spaced[next]![0] < end; next++) {
      const [from, to] = [Math.max(spaced[next]![0], at), Math.min(spaced[next]![1], end)];
      if (to <= from) continue;
      matched += to - from;
      at = to;
    }
    if (matched >= word.length * LEAST_PART) whole.push([index, end]);
    if (first === spaced.length) break;
  }
  return whole.sort((a, b) => a[0] - b[0]);
}

/** Where a text has words of the question, or their beginnings: for hits that were found by words. */
function wordRanges(text: string, query: string): Range[] {
  const words = (query.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => word.length >= SHORTEST_WORD || /[^\p{Script=Latin}\p{N}]/u.test(word));
  if (words.length === 0) return [];
  const pattern = new RegExp(
    words
      .slice(0, MOST_WORDS)
      .sort((a, b) => b.length - a.length)
      .join("|"),
    "giu",
  );
  return [...text.matchAll(pattern)].map((match): Range => [match.index, match.index + match[0].length]);
}

/** The start of the window with the most marked characters; the beginning where nothing is marked. */
function bestStart(marks: readonly Range[], length: number): number {
  let best = { start: 0, marked: 0 };
  for (const [start] of marks) {
    const inside = marks.filter(([first, last]) => first >= start && last <= start + SNIPPET_CHARACTERS);
    const marked = inside.reduce((sum, [first, last]) => sum + last - first, 0);
    if (marked > best.marked) best = { start, marked };
  }
  // A little of what stands before it, and no less than there is.
  return Math.max(0, Math.min(best.start - SNIPPET_CHARACTERS / 5, length - SNIPPET_CHARACTERS));
}

function wordStart(text: string, near: number): number {
  if (near === 0) return 0;
  const space = text.slice(near, near + 20).search(/\s/u);
  return space < 0 ? near : near + space + 1;
}

function wordEnd(text: string, near: number): number {
  if (near >= text.length) return text.length;
  const space = text.slice(near - 20, near).search(/\s\S*$/u);
  return space < 0 ? near : near - 20 + space;
}
