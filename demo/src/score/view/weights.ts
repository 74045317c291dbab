/** Lexical weights as bars: a table, so that a screen reader has the numbers. */
import { decimal, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h, svg } from "../../view/dom.ts";
import type { ScoreStory, WeightedToken } from "../story.ts";

const MOST_BARS = 10;
const HEIGHT = 10;

export function weightBars({ question, passage, scores }: ScoreStory): HTMLElement {
  const heaviest = Math.max(...[...question, ...passage].map(({ weight }) => weight), Number.MIN_VALUE);
  const anyShared = question.some(({ shared }) => shared);
  return h(
    "div",
    { class: "bars" },
    h("div", { class: "bars-pair" }, bars(t().score.inQuestion, question, heaviest), bars(t().score.inPassage, passage, heaviest)),
    h("p", { class: "card-result" }, anyShared ? t().score.sharedSum(decimal(scores.sparse, 3)) : t().score.noneShared),
  );
}

function bars(name: string, tokens: readonly WeightedToken[], heaviest: number): HTMLElement {
  const { token, weight, noWeights, moreTokens } = t().score;
  if (tokens.length === 0) return h("div", {}, h("h3", { class: "bars-name" }, name), h("p", { class: "card-note" }, noWeights));
  const shown = tokens.slice(0, MOST_BARS);
  const head = h("tr", { class: "visually-hidden" }, h("th", { scope: "col" }, token), h("th", { scope: "col" }, weight));
  const table = h("table", {}, h("caption", { class: "bars-name" }, name), h("thead", {}, head), h("tbody", {}, ...shown.map((one) => bar(one, heaviest))));
  const rest = tokens.length - shown.length;
  return h("div", {}, table, rest > 0 && h("p", { class: "card-note" }, moreTokens(whole(rest))));
}

function bar({ text, weight, shared }: WeightedToken, heaviest: number): HTMLElement {
  const length = `${Math.max(2, (weight / heaviest) * 100)}%`;
  const picture = svg(
    "svg",
    { class: "bar", height: HEIGHT, "aria-hidden": "true" },
    svg("rect", { class: shared ? "fill-sparse" : "fill-sparse bar-alone", width: length, height: HEIGHT, rx: 3 }),
  );
  return h(
    "tr",
    { class: shared ? "bar-shared" : null },
    h("th", { scope: "row", class: "bar-token" }, h("bdi", {}, text), shared && h("span", { class: "visually-hidden" }, ` (${t().score.shared})`)),
    h("td", {}, h("div", { class: "bar-cell" }, picture, h("span", { class: "bar-number" }, decimal(weight, 3)))),
  );
}
