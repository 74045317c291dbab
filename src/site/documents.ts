/** Pages as the documents of an index: one a section, named by where it is found. */
import { WEIGHT_FIELD } from "#core/section-weight.ts";
import type { SitePage } from "./page.ts";

/** A section of a page as `openIndex` takes it. */
export interface SiteDocument {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly url: string;
  readonly fields?: SitePage["fields"];
}

/** Between a page's title and the headings of a section. */
const SEPARATOR = " › ";

/**
 * A document a section. Its id is its address where that is unique, with a number where a page has several sections at one address. The page's description is
 * read with its first section, unless it stands there.
 */
export function* siteDocuments(page: SitePage): Generator<SiteDocument> {
  const seen = new Map<string, number>();
  for (const [place, { headings, anchor, text, weight }] of page.sections.entries()) {
    const url = anchor === null ? page.url : `${page.url}#${encodeURIComponent(anchor)}`;
    const count = (seen.get(url) ?? 0) + 1;
    seen.set(url, count);
    const { description } = page;
    const told = place > 0 || !description || text.includes(description) ? text : `${description}\n\n${text}`;
    const fields = weight === 1 ? page.fields : { ...page.fields, [WEIGHT_FIELD]: weight };
    yield {
      id: count === 1 ? url : `${url} (${count})`,
      title: [page.title, ...headings].filter((part) => part !== "").join(SEPARATOR),
      text: told,
      url,
      ...(Object.keys(fields).length > 0 ? { fields } : {}),
    };
  }
}
