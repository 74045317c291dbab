/** How the three scores are weighed: a group of radio buttons. */
import { t } from "../i18n/language.ts";
import { type Preset, presets } from "../presets.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { h } from "./dom.ts";

export function weightChoice(store: Store<State>): HTMLElement {
  const radio = (preset: Preset) => {
    const { name, explanation } = t().presets[preset.id];
    const input = h("input", {
      type: "radio",
      name: "rank",
      value: preset.id,
      checked: preset === store.state.preset,
      class: `weight-input accent-${preset.id}`,
      "aria-describedby": `weight-${preset.id}`,
      onchange: () => store.update({ preset }),
    });
    return h(
      "label",
      { class: "weight" },
      input,
      h("span", { class: "weight-name" }, name),
      h("span", { class: "weight-explanation", id: `weight-${preset.id}` }, explanation),
    );
  };
  const note = h("p", { class: "weights-note" }, t().search.rankNote);
  return h("fieldset", { class: "panel" }, h("legend", {}, t().search.rankBy), h("div", { class: "weights-choice" }, ...presets.map(radio)), note);
}
