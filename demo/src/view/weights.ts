/** How the three scores are weighed: a group of radio buttons. */
import { type Preset, presets } from "../presets.ts";
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { byId, h } from "./dom.ts";

export function showWeights(store: Store<State>): void {
  const radio = (preset: Preset) =>
    h(
      "label",
      { class: "weight" },
      h("input", {
        type: "radio",
        name: "rank",
        value: preset.id,
        checked: preset === store.state.preset,
        class: `weight-input accent-${preset.id}`,
        "aria-describedby": `weight-${preset.id}`,
        onchange: () => store.update({ preset }),
      }),
      h("span", { class: "weight-name" }, preset.name),
      h("span", { class: "weight-explanation", id: `weight-${preset.id}` }, preset.explanation),
    );
  const note = h("p", { class: "weights-note" }, "A bar runs from the lowest score of all pages searched to the highest.");
  byId("weights").append(h("fieldset", { class: "panel" }, h("legend", {}, "Rank by"), h("div", { class: "weights-choice" }, ...presets.map(radio)), note));
}
