/**
 * Pages as texts for an index, as `bge-m3-web/extract`: HTML and Markdown read as `bge-m3-web index` reads a built site, in a page, a worker or Node. Nothing that a
 * page holds is run or fetched.
 */
export { type SiteDocument, siteDocuments } from "#site/documents.ts";
export { readHtml } from "#site/html.ts";
export { readMarkdown } from "#site/markdown.ts";
export type { Section, SitePage } from "#site/page.ts";
export type { Slug } from "#site/section-builder.ts";
