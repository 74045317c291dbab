/** Search of a static site, as `bge-m3-web/site`: without an element, for pages with an interface of their own. */
export type { SiteSearchOptions } from "#client/site-inputs.ts";
export { type SiteModelState, type SitePage, type SiteResult, SiteSearch } from "#client/site-search.ts";
export type { MarkedText } from "#client/snippet.ts";
export type { PublishedHit } from "#worker/site-protocol.ts";
