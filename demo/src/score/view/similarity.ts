/** Sentences against each other, by their dense vectors: a small table of cosines. */
import { decimal, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h } from "../../view/dom.ts";
import type { Comparison } from "../model.ts";

export function similarityTable({ sentences, cosines }: Comparison): HTMLElement {
  const others = cosines.flatMap((row, index) => row.filter((_, column) => column !== index));
  const [lowest, highest] = [Math.min(...others), Math.max(...others)];
  const cell = (cosine: number, isSelf: boolean) => {
    const element = h("td", { class: isSelf ? "cosine cosine-self" : "cosine" }, decimal(cosine, 2));
    element.style.setProperty("--heat", String(isSelf ? 0 : highest > lowest ? (cosine - lowest) / (highest - lowest) : 1));
    return element;
  };
  const number = (index: number) => whole(index + 1);
  const head = h("tr", {}, h("td", {}), h("td", {}), ...sentences.map((sentence, index) => h("th", { scope: "col", title: sentence }, number(index))));
  const line = (sentence: string, row: number) =>
    h(
      "tr",
      {},
      h("td", { class: "cosine-number", "aria-hidden": "true" }, number(row)),
      h("th", { scope: "row", class: "cosine-sentence", title: sentence }, h("bdi", {}, sentence)),
      ...cosines[row]!.map((cosine, column) => cell(cosine, row === column)),
    );
  return h(
    "div",
    { class: "cosines-scroll", tabindex: "0", role: "region", "aria-label": t().score.matrixLabel },
    h(
      "table",
      { class: "cosines" },
      h("caption", { class: "visually-hidden" }, t().score.matrixLabel),
      h("thead", {}, head),
      h("tbody", {}, ...sentences.map(line)),
    ),
  );
}
