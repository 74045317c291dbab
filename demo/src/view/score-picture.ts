/**
 * The three scores of a page as a small picture. A bar runs from the lowest score of all pages that were searched to the highest: cosines of this model all
 * lie between 0.7 and 0.9, so bars from zero would all look the same. The numbers beside them are the scores themselves.
 */
import type { Weights } from "../presets.ts";
import { placeIn, type Range } from "../ranking/range.ts";
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
    h("div", { class: "score-total" }, h("dt", {}, "Score"), h("dd", {}, page.total.toFixed(3))),
    lane("Dense", "dense", page.dense, ranges.dense, dense > 0),
    lane("Lexical", "sparse", page.sparse, ranges.sparse, sparse > 0),
    lane("ColBERT", "colbert", page.colbert, ranges.colbert, colbert > 0),
  );
}

function lane(name: string, head: string, score: number, range: Range, counts: boolean): HTMLElement {
  const length = `${Math.max(LEAST_PERCENT, placeIn(range, score) * 100)}%`;
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
      h("span", { class: "lane-number" }, score > 0 ? score.toFixed(3) : "0"),
      !counts && h("span", { class: "visually-hidden" }, " (not counted)"),
    ),
  );
}
