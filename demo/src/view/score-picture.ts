/**
 * The three scores of a page as a small picture. A bar runs from the lowest score of all pages that were searched to the highest: cosines of this model all
 * lie between 0.7 and 0.9, so bars from zero would all look the same. The numbers beside them are the scores themselves.
 */
import { decimal } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import type { Weights } from "../presets.ts";
import { placeIn } from "../ranking/range.ts";
import type { RankedPage, Ranking } from "../ranking/rank.ts";
import { h, svg } from "./dom.ts";

/** Of a bar, in CSS pixels. */
const HEIGHT = 6;
/** So that the lowest page has a dot. */
const LEAST_PERCENT = 7;

export function scorePicture(page: RankedPage, { ranges }: Ranking, [dense, sparse, colbert]: Weights): HTMLElement {
  return h(
    "dl",
    { class: "scores" },
    scoreTotal(page.total),
    scoreLane(t().scores.dense, "dense", page.dense, placeIn(ranges.dense, page.dense), dense > 0),
    scoreLane(t().scores.lexical, "sparse", page.sparse, placeIn(ranges.sparse, page.sparse), sparse > 0),
    scoreLane(t().scores.colbert, "colbert", page.colbert, placeIn(ranges.colbert, page.colbert), colbert > 0),
  );
}

export function scoreTotal(total: number): HTMLElement {
  return h("div", { class: "score-total" }, h("dt", {}, t().scores.total), h("dd", {}, decimal(total, 3)));
}

/** @param place of the score among the others, from 0 to 1 @param counts whether it has a weight */
export function scoreLane(name: string, head: string, score: number, place: number, counts: boolean): HTMLElement {
  const length = `${Math.max(LEAST_PERCENT, place * 100)}%`;
  return h(
    "div",
    { class: counts ? "lane" : "lane lane-unused" },
    h("dt", {}, name),
    h(
      "dd",
      {},
      svg(
        "svg",
        { class: "lane-bar", height: HEIGHT, "aria-hidden": "true" },
        svg("rect", { class: "lane-track", width: "100%", height: HEIGHT, rx: HEIGHT / 2 }),
        score > 0 && svg("rect", { class: `fill-${head}`, width: length, height: HEIGHT, rx: HEIGHT / 2 }),
      ),
      h("span", { class: "lane-number" }, score > 0 ? decimal(score, 3) : "0"),
      !counts && h("span", { class: "visually-hidden" }, t().scores.notCounted),
    ),
  );
}
