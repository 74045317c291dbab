/** A built HTML page as title, language and sections. The parser is the standard's own algorithm (parse5), so broken markup reads as a browser reads it. */
import { type DefaultTreeAdapterMap, parse } from "parse5";
import { HtmlSections } from "./html-sections.ts";
import { attribute, contains, type Element, elementsOf, findElement, isElement } from "./html-tree.ts";
import { languageTag, type SitePage } from "./page.ts";
import type { Slug } from "./section-builder.ts";

/** Metadata of the form `<meta name="m3:NAME" content="…">` becomes the field NAME. */
const FIELD_PREFIX = "m3:";

/**
 * Read are, in this order of preference, the elements with `data-m3-body`, `<main>`, `<article>` elements, or the whole body; never what is hidden, scripts,
 * navigation, and what has `data-m3-ignore`. `data-m3-weight="2"` lets hits in an element count more.
 *
 * @param url where the page will be found
 * @param slug gives headings without an id an anchor, where the site's generator does so later
 * @returns null for a page that asks not to be found (`noindex`) or only leads to another
 */
export function readHtml(html: string, url: string, { slug }: { readonly slug?: Slug } = {}): SitePage | null {
  const document = parse<DefaultTreeAdapterMap>(html);
  const root = findElement(document, ({ tagName }) => tagName === "html");
  const metas = [...elementsOf(document)].filter(({ tagName }) => tagName === "meta");
  const meta = (name: string) => content(metas.find((element) => [attribute(element, "name"), attribute(element, "property")].includes(name)));
  if (/\bno(index|ne)\b/i.test(meta("robots") ?? "")) return null;
  if (metas.some((element) => attribute(element, "http-equiv")?.toLowerCase() === "refresh")) return null;

  const sections = new HtmlSections(slug);
  for (const body of bodiesOf(document)) sections.read(body);
  const titleElement = findElement(document, ({ tagName, namespaceURI }) => tagName === "title" && namespaceURI.endsWith("/xhtml"));
  const title = sections.title ?? content({ text: titleElement }) ?? meta("og:title") ?? url;
  const fields: Record<string, string | string[]> = {};
  for (const element of metas) {
    const name = attribute(element, "name");
    const value = attribute(element, "content");
    if (!name?.startsWith(FIELD_PREFIX) || name === FIELD_PREFIX || value === undefined) continue;
    const key = name.slice(FIELD_PREFIX.length);
    const before = Object.hasOwn(fields, key) ? fields[key] : undefined;
    fields[key] = before === undefined ? value : [before, value].flat();
  }
  return { url, title, lang: languageTag(root && attribute(root, "lang")), description: meta("description") ?? null, fields, sections: sections.finish() };
}

function bodiesOf(document: DefaultTreeAdapterMap["document"]): Element[] {
  const all = [...elementsOf(document)];
  const outermost = (wanted: readonly Element[]) => wanted.filter((element) => !wanted.some((other) => other !== element && contains(other, element)));
  const marked = all.filter((element) => attribute(element, "data-m3-body") !== undefined);
  if (marked.length > 0) return outermost(marked);
  const main = all.filter((element) => element.tagName === "main" || attribute(element, "role") === "main");
  if (main.length > 0) return outermost(main);
  const articles = all.filter(({ tagName }) => tagName === "article");
  return articles.length > 0 ? outermost(articles) : all.filter(({ tagName }) => tagName === "body");
}

function content(of: Element | { readonly text: Element | undefined } | undefined): string | undefined {
  const text = of && "text" in of ? textOf(of.text) : of && attribute(of, "content");
  return text?.replace(/\s+/g, " ").trim() || undefined;
}

function textOf(element: Element | undefined): string | undefined {
  return element?.childNodes.map((node) => (isElement(node) ? textOf(node) : "value" in node ? node.value : "")).join("");
}
