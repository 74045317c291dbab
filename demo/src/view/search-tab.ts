/** The first part: questions to GNOME Help. */
import { t } from "../i18n/language.ts";
import type { Search } from "../search.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { h } from "./dom.ts";
import { engineStatus, type Retry } from "./engine.ts";
import { languageChoice } from "./languages.ts";
import { resultList } from "./results.ts";
import { searchBox } from "./search-box.ts";
import { weightChoice } from "./weights.ts";

export function searchTab(store: Store<State>, search: Search, retry: Retry, signal: AbortSignal): HTMLElement {
  const { headline, lede, question, placeholder, settings } = t().search;
  const setQuery = (query: string) => {
    if (store.state.query !== query) store.update({ query });
  };
  const box = searchBox({
    id: "question",
    label: question,
    placeholder,
    query: store.state.query,
    onQuery: setQuery,
    goToResults: () => results.focusFirst(),
  });
  const results = resultList(store, { retry: () => search.retry(), ask: setQuery, goToQuestion: () => box.input.focus() }, signal);
  store.watch(["query"], ({ query }) => box.show(query), signal);
  const title = headline.flatMap((part, index) => (index > 0 ? [" ", h("span", { class: "unbroken" }, part)] : [h("span", { class: "unbroken" }, part)]));
  const hero = h("div", { class: "hero" }, h("h1", {}, ...title), h("p", { class: "lede" }, lede), box.element, engineStatus(store, retry, signal));
  const controls = h("aside", { class: "controls", "aria-label": settings }, languageChoice(store, signal), weightChoice(store));
  return h("div", { class: "page page-search" }, hero, controls, results.element);
}
