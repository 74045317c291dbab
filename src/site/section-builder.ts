/** Collects text, headings and anchors in the order in which they stand, and makes sections of them. */
import type { Section } from "./page.ts";

/** An anchor for the text of a heading. */
export type Slug = (heading: string) => string;

interface Heading {
  readonly level: number;
  readonly text: string;
}

export class SectionBuilder {
  readonly #sections: Section[] = [];
  #headings: Heading[] = [];
  #paragraphs: string[] = [];
  #line = "";
  #anchor: string | null = null;
  /** An id that was passed since the last text: it belongs to what comes next. */
  #nextAnchor: string | null = null;
  #weight = 1;
  #heading: { readonly level: number; readonly id: string | null; readonly weight: number } | null = null;

  text(value: string, preformatted: boolean): void {
    // Spaces collapse at the end of the paragraph; only line breaks of preformatted text must be told from others now.
    this.#line += preformatted ? value : value.replace(/\s+/g, " ");
  }

  lineBreak(): void {
    this.#line += "\n";
  }

  /** Remembers the id of an element that is no heading: `<section id>` around a heading, or `<a id>` before or in it. */
  anchor(id: string): void {
    this.#nextAnchor = id;
  }

  endParagraph(): void {
    if (this.#heading) {
      this.#line += " ";
      return;
    }
    const text = tidy(this.#line);
    this.#line = "";
    if (text === "") return;
    this.#paragraphs.push(text);
    this.#nextAnchor = null;
  }

  beginHeading(level: number, id: string | null, weight: number): void {
    this.endParagraph();
    this.#heading = { level, id, weight };
  }

  /** @returns the heading's text */
  endHeading(slug: Slug | undefined): string {
    const { level, id, weight } = this.#heading!;
    this.#heading = null;
    const text = withoutSign(tidy(this.#line).replaceAll("\n", " "));
    this.#line = "";
    this.#endSection();
    if (text !== "") this.#headings = [...this.#headings.filter((heading) => heading.level < level), { level, text }];
    this.#anchor = id ?? this.#nextAnchor ?? (slug && text !== "" ? slug(text) : null);
    this.#nextAnchor = null;
    this.#weight = weight;
    return text;
  }

  /** The heading just ended is the page's title, and not repeated in each section. */
  takeAsTitle(): void {
    this.#headings.pop();
    this.#anchor = null;
  }

  /** What follows has another weight. */
  beginWeight(weight: number): void {
    this.endParagraph();
    this.#endSection();
    this.#weight = weight;
  }

  finish(): Section[] {
    this.endParagraph();
    this.#endSection();
    return this.#sections;
  }

  #endSection(): void {
    if (this.#paragraphs.length > 0) {
      const headings = this.#headings.map(({ text }) => text);
      this.#sections.push({ headings, anchor: this.#anchor, text: this.#paragraphs.join("\n\n"), weight: this.#weight });
    }
    this.#paragraphs = [];
  }
}

/**
 * Without the sign of a link that is none any more, but with that of "C#". From the end, one by one: a pattern would look for the end from every blank of a hostile
 * heading.
 */
function withoutSign(heading: string): string {
  if (!/(?:^|[\s\u200B])#$|[¶§\u200B]$/u.test(heading)) return heading;
  let end = heading.length - 1;
  while (end > 0 && /[\s\u200B]/u.test(heading[end - 1]!)) end--;
  return heading.slice(0, end);
}

function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .trim();
}
