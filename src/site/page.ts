/** What a site is to search: pages with sections, however they were written. */

/** A part of a page under one heading. */
export interface Section {
  /** The headings above the text, from the outermost to its own; without the page's title. Empty before the first heading. */
  readonly headings: readonly string[];
  /** Id of the element to scroll to; null when there is none. */
  readonly anchor: string | null;
  /** Plain text, paragraphs separated by an empty line. */
  readonly text: string;
  /** How much its hits count: a factor, 1 unless the page says otherwise. */
  readonly weight: number;
}

/** A page, read. */
export interface SitePage {
  /** Where readers find it, relative to the site's root: "guide/start.html". */
  readonly url: string;
  readonly title: string;
  /** BCP 47 tag in lower-case language and upper-case region, such as "pt-BR"; null when the page does not tell. */
  readonly lang: string | null;
  readonly description: string | null;
  /** Metadata that searches may filter by. */
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly sections: readonly Section[];
}

/** "PT_br" as "pt-BR"; null for what is no language tag. */
export function languageTag(text: string | null | undefined): string | null {
  if (!text) return null;
  try {
    return Intl.getCanonicalLocales(text.trim().replaceAll("_", "-"))[0] ?? null;
  } catch {
    return null;
  }
}
