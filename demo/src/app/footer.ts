/** Who made what is shown, and under which licence. */
import { t } from "../i18n/language.ts";
import type { Store } from "../store.ts";
import { h } from "../view/dom.ts";
import type { AppState } from "./state.ts";

export function footer(app: Store<AppState>, signal: AbortSignal): HTMLElement {
  const { pages, rest, vectors } = t().footer;
  const aboutVectors = h("p", {}, vectors);
  app.watch(["tab"], ({ tab }) => aboutVectors.toggleAttribute("hidden", tab !== "search"), signal);
  const licence = h("a", { href: "https://creativecommons.org/licenses/by-sa/3.0/", rel: "license noreferrer" }, "CC-BY-SA-3.0");
  return h("footer", { class: "footer" }, h("p", {}, `${pages} `, licence, rest), aboutVectors);
}
