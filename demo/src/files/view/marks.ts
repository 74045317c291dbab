/** What a search found in a passage, as ranges to mark: the tokens that question and passage share, or, across languages, those that met closest. */
import type { SearchHit } from "bge-m3-web";
import { h } from "../../view/dom.ts";
import { unspaced, word } from "../../view/highlight.ts";

type Range = readonly [start: number, end: number];

/** Of the strongest shared token; weaker ones say little. */
const LEAST_SHARE = 0.2;
/** Similarity of tokens that met without being the same. */
const LEAST_SIMILARITY = 0.6;
const MOST_MEETINGS = 6;

/** Ranges of the passage's own text, in order, without overlaps. */
export function passageMarks({ passage, explanation }: SearchHit, query: string): Range[] {
  if (!explanation) return [];
  const strongest = Math.max(0, ...explanation.terms.map(({ product }) => product));
  const shared = explanation.terms
    .filter(({ product }) => product >= LEAST_SHARE * strongest)
    .flatMap((term) => {
      const asked = new Set(term.query.map(({ start, end }) => plain(query.slice(start, end))));
      // The token of a space that stands alone reaches to the character after it, which is another one in the passage.
      return term.passage.filter(({ start, end }) => asked.has(plain(passage.text.slice(start - passage.start, end - passage.start))));
    });
  const met = explanation.tokens
    .filter(({ query, passage: place, similarity }) => query && place && similarity >= LEAST_SIMILARITY)
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, MOST_MEETINGS)
    .map(({ passage: place }) => place!);
  const ranges = (shared.length > 0 ? shared : met)
    .filter(({ of }) => of === "text")
    .map(({ start, end }): Range => [start - passage.start, end - passage.start]);
  return wholeWords(passage.text, joined(ranges.filter(([start, end]) => start >= 0 && end <= passage.text.length)));
}

/** Where words stand apart, a word is marked as a whole when most of it is, and not at all otherwise: a single letter tells nothing. */
export function wholeWords(text: string, ranges: readonly Range[]): Range[] {
  const covered = (start: number, end: number) => ranges.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  const words = [...text.matchAll(word)].map(({ index, 0: found }): Range => [index, index + found.length]);
  return joined(
    words.flatMap(([start, end]): Range[] => {
      const share = covered(start, end) / (end - start);
      if (!unspaced.test(text.slice(start, end))) return share > 0.5 ? [[start, end]] : [];
      return ranges.map(([from, to]): Range => [Math.max(start, from), Math.min(end, to)]).filter(([from, to]) => from < to);
    }),
  );
}

function plain(text: string): string {
  return text.normalize("NFKC").trim();
}

/** In order, those that touch or overlap as one. */
export function joined(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > start) merged.push([start, end]);
  }
  return merged;
}

/** @param ranges in order, without overlaps */
export function marked(text: string, ranges: readonly Range[]): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let done = 0;
  for (const [start, end] of ranges) {
    parts.push(text.slice(done, start), h("mark", {}, text.slice(start, end)));
    done = end;
  }
  return [...parts, text.slice(done)];
}
