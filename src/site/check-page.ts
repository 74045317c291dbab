/** What an index can hold of a page. A site has pages from many hands: one that is odd must not keep the others from being found. */

import { InvalidInputError } from "#core/errors.ts";
import { WEIGHT_FIELD } from "#core/section-weight.ts";
import type { SitePage } from "./page.ts";

/** In UTF-8, with its anchor. */
const MOST_ADDRESS_BYTES = 900;
/** UTF-16 units. Every passage of a page carries the page's title and its fields. */
const MOST_TITLE = 300;
const MOST_DESCRIPTION = 2_000;
const MOST_FIELD = 1_000;
const FIELD_NAME = /^(?!__proto__$)[\p{L}\p{N}_-][\p{L}\p{N}_.-]{0,63}$/u;

/** Whether a field may have the name. */
export function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name) && name !== WEIGHT_FIELD;
}

/** Whether an index can name a section by the address. */
export function isAddress(address: string): boolean {
  return address !== "" && !address.includes("\u0000") && isWellFormed(address) && new TextEncoder().encode(address).length <= MOST_ADDRESS_BYTES;
}

/**
 * The page without what no index can hold: fields whose names are none, and anchors that are too long. Titles, headings, descriptions and fields without measure
 * are cut.
 * @throws InvalidInputError for an address that no index can hold
 */
export function tidyPage(page: SitePage): SitePage {
  const { url, title, description, fields, sections } = page;
  if (!isAddress(url)) throw new InvalidInputError("its address", `well-formed, and at most ${MOST_ADDRESS_BYTES} bytes long`, url);
  return {
    ...page,
    title: cut(title, MOST_TITLE),
    description: description === null ? null : cut(description, MOST_DESCRIPTION),
    fields: Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (isFieldName(name) ? [[name, cutField(value)]] : []))),
    sections: sections.map((section) => ({
      ...section,
      headings: section.headings.map((heading) => cut(heading, MOST_TITLE)),
      anchor: section.anchor !== null && isAnchor(url, section.anchor) ? section.anchor : null,
    })),
  };
}

function cutField(value: SitePage["fields"][string]): SitePage["fields"][string] {
  if (typeof value === "string") return cut(value, MOST_FIELD);
  return typeof value === "object" ? value.map((one) => cut(one, MOST_FIELD)) : value;
}

/** Not in the middle of a character. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Fields that are strings here and numbers there (front matter is written by hand) are strings everywhere: an index knows a field by one type. */
export function unifyFields(pages: readonly SitePage[]): SitePage[] {
  const types = new Map<string, Set<string>>();
  for (const { fields } of pages) for (const [name, value] of Object.entries(fields)) types.set(name, (types.get(name) ?? new Set()).add(typeOf(value)));
  const mixed = new Set([...types].filter(([, seen]) => seen.size > 1).map(([name]) => name));
  if (mixed.size === 0) return [...pages];
  return pages.map((page) => ({
    ...page,
    fields: Object.fromEntries(
      Object.entries(page.fields).map(([name, value]) => [name, mixed.has(name) && typeOf(value) !== "string" ? String(value) : value]),
    ),
  }));
}

/** A list of strings is a string that there are several of. */
function typeOf(value: SitePage["fields"][string]): string {
  return typeof value === "object" ? "string" : typeof value;
}

function isAnchor(url: string, anchor: string): boolean {
  return isWellFormed(anchor) && isAddress(`${url}#${encodeURIComponent(anchor)}`);
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
