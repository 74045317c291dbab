/** `<m3-search src="/search/">`, as `bge-m3-web/element`: importing it defines the element. */
import { M3SiteSearchElement } from "#element/site-element.ts";

if (!customElements.get("m3-search")) customElements.define("m3-search", M3SiteSearchElement);

export type { Messages } from "#element/messages.ts";
export type { SearchSource } from "#element/search-source.ts";
export { M3SiteSearchElement };
