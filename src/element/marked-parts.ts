/** Splits a text at its marks, so that it can be shown as text nodes: nothing of it is ever read as markup. */
import type { MarkedText } from "./search-source.ts";

export interface TextPart {
  readonly text: string;
  readonly marked: boolean;
}

/**
 * Characters that change the direction of what stands around them (overrides, embeddings, isolates) are left out: a hostile title would turn its neighbours.
 * Marks may overlap and stand in any order; what lies outside of the text is cut.
 */
export function markedParts({ text, marks }: MarkedText): TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  const add = (end: number, marked: boolean) => {
    const part = text.slice(at, end).replace(/[\u202A-\u202E\u2066-\u2069]/g, "");
    if (part !== "") parts.push({ text: part, marked });
    at = Math.max(at, end);
  };
  for (const [start, end] of marks.toSorted((a, b) => a[0] - b[0])) {
    const [from, to] = [Math.max(start, at), Math.min(end, text.length)];
    if (!(to > from)) continue;
    add(from, false);
    add(to, true);
  }
  add(text.length, false);
  return parts;
}
