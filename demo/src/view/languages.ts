/** Which languages are searched: a chip each, and one for all. */
import { t } from "../i18n/language.ts";
import { languageName, languages } from "../languages.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { h } from "./dom.ts";

export function languageChoice(store: Store<State>, signal: AbortSignal): HTMLElement {
  const boxes = new Map(
    languages.map(({ code }) => [code, h("input", { type: "checkbox", class: "chip-input", value: code, onchange: () => choose() })] as const),
  );
  const all = h("input", {
    type: "checkbox",
    class: "chip-input",
    onchange: () => store.update({ languages: all.checked ? languages.map(({ code }) => code) : ["en"] }),
  });
  const choose = () => store.update({ languages: languages.map(({ code }) => code).filter((code) => boxes.get(code)!.checked) });

  // Those that the reader came with are seen first, also where the row scrolls.
  const first = store.state.languages;
  const inOrder = languages.toSorted((a, b) => Number(first.includes(b.code)) - Number(first.includes(a.code)));
  const chips = inOrder.map(({ code, name, dir }) => {
    const label = h("label", { class: "chip", title: languageName(code) }, boxes.get(code), h("span", { lang: code, dir }, name));
    return [code, label] as const;
  });
  store.watch(
    ["languages", "corpora"],
    ({ languages: chosen, corpora }) => {
      all.checked = chosen.length === languages.length;
      for (const [code, label] of chips) {
        boxes.get(code)!.checked = chosen.includes(code);
        label.classList.toggle("chip-loading", chosen.includes(code) && corpora.get(code)?.kind === "loading");
        label.classList.toggle("chip-failed", chosen.includes(code) && corpora.get(code)?.kind === "failed");
      }
    },
    signal,
  );
  const rows = [h("label", { class: "chip" }, all, h("span", {}, t().search.all)), ...chips.map(([, label]) => label)];
  return h("fieldset", { class: "panel languages" }, h("legend", {}, t().search.searchIn), h("div", { class: "chips" }, ...rows));
}
