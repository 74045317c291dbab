/** The three scores of the pair, and what they come to. */
import { decimal } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { defaultPreset } from "../../presets.ts";
import { h, svg } from "../../view/dom.ts";
import type { ScoreStory } from "../story.ts";

const HEIGHT = 8;

export function totalScore({ scores }: ScoreStory): HTMLElement {
  const { dense, lexical, colbert, total } = t().scores;
  const lane = (name: string, head: "dense" | "sparse" | "colbert") =>
    h(
      "div",
      { class: "total-lane" },
      h("dt", {}, name),
      h(
        "dd",
        {},
        svg(
          "svg",
          { class: "bar", height: HEIGHT, "aria-hidden": "true" },
          svg("rect", { class: "lane-track", width: "100%", height: HEIGHT, rx: HEIGHT / 2 }),
          svg("rect", { class: `fill-${head}`, width: `${Math.min(1, Math.max(0, scores[head])) * 100}%`, height: HEIGHT, rx: HEIGHT / 2 }),
        ),
        h("span", { class: "bar-number" }, decimal(scores[head], 3)),
      ),
    );
  const [denseWeight, sparseWeight, colbertWeight] = defaultPreset.weights.map((weight) => decimal(weight, 2)) as [string, string, string];
  return h(
    "div",
    { class: "total" },
    h(
      "dl",
      { class: "total-scores" },
      lane(dense, "dense"),
      lane(lexical, "sparse"),
      lane(colbert, "colbert"),
      h("div", { class: "total-sum" }, h("dt", {}, total), h("dd", {}, decimal(scores.total, 3))),
    ),
    h("p", { class: "card-note" }, t().score.sumNote(denseWeight, sparseWeight, colbertWeight), " ", t().score.denseNote),
  );
}
