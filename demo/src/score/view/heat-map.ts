/**
 * Which token of the question meets which of the passage: a table of similarities as a grid of colours. The best of each row is marked. A cell tells its pair when
 * it is pointed at or focused; arrow keys go from cell to cell.
 */
import { decimal } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h } from "../../view/dom.ts";
import type { ScoreStory, VectorToken } from "../story.ts";

export function heatMap({ rows, columns, similarities, best }: ScoreStory): HTMLElement {
  const { maxsimLabel, maxsimKeys, pair, isBest, bestMatches, bestOf, less, moreAlike } = t().score;
  const at = (row: number, column: number) => similarities[row * columns.length + column]!;
  const lowest = similarities.reduce((least, value) => Math.min(least, value), 1);
  const highest = similarities.reduce((most, value) => Math.max(most, value), -1);

  const readout = h("p", { class: "heat-readout" }, maxsimKeys);
  const columnHeads = columns.map((token) => h("th", { scope: "col", class: "heat-column" }, h("span", {}, name(token))));
  const rowHeads = rows.map((token) => h("th", { scope: "row", class: "heat-row" }, name(token)));
  const cells = rows.map((_, row) =>
    columns.map((_column, column) => {
      const isMaximum = best[row] === column;
      const number = decimal(at(row, column), 2);
      const words = isMaximum ? `${number}, ${isBest}` : number;
      const cell = h("td", { class: isMaximum ? "heat-cell heat-best" : "heat-cell", tabindex: "-1" }, h("span", { class: "visually-hidden" }, words));
      cell.style.setProperty("--heat", String(highest > lowest ? (at(row, column) - lowest) / (highest - lowest) : 0));
      return cell;
    }),
  );

  /** The cell that Tab comes to, and whose pair is told. */
  let current: readonly [number, number] = [0, best[0] ?? 0];
  const show = (row: number, column: number) => {
    readout.replaceChildren(pair(plainName(rows[row]!), plainName(columns[column]!), decimal(at(row, column), 3)));
    if (best[row] === column) readout.append(` · ${isBest}`);
    for (const [index, head] of rowHeads.entries()) head.classList.toggle("heat-lit", index === row);
    for (const [index, head] of columnHeads.entries()) head.classList.toggle("heat-lit", index === column);
  };
  const moveTo = (row: number, column: number) => {
    cells[current[0]]?.[current[1]]?.setAttribute("tabindex", "-1");
    current = [row, column];
    cells[row]?.[column]?.setAttribute("tabindex", "0");
  };
  moveTo(...current);

  const lines = cells.map((line, row) => h("tr", {}, rowHeads[row], ...line));
  const table = h(
    "table",
    { class: "heat", role: "grid", "aria-label": maxsimLabel },
    h("thead", {}, h("tr", {}, h("td", { class: "heat-corner" }), ...columnHeads)),
    h("tbody", {}, ...lines),
  );
  const placeOf = (target: EventTarget | null): readonly [number, number] | null => {
    const cell = target instanceof Element ? target.closest<HTMLTableCellElement>(".heat-cell") : null;
    const row = cell?.parentElement instanceof HTMLTableRowElement ? cell.parentElement.sectionRowIndex : -1;
    return cell && row >= 0 ? [row, cell.cellIndex - 1] : null;
  };
  table.addEventListener("pointerover", ({ target }) => {
    const place = placeOf(target);
    if (place) show(...place);
  });
  table.addEventListener("focusin", ({ target }) => {
    const place = placeOf(target);
    if (!place) return;
    moveTo(...place);
    show(...place);
  });
  table.addEventListener("keydown", (event) => {
    const [row, column] = current;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -column], End: [0, columns.length] }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = [clamp(row + step[0]!, rows.length), clamp(column + step[1]!, columns.length)] as const;
    cells[next[0]]![next[1]]!.focus();
  });

  const matches = rows.map((token, row) => h("li", {}, bestOf(plainName(token), plainName(columns[best[row]!]!), decimal(at(row, best[row]!), 2))));
  const legend = h("p", { class: "heat-legend", "aria-hidden": "true" }, less, h("span", { class: "heat-ramp" }), moreAlike);
  return h(
    "div",
    {},
    h("div", { class: "heat-head" }, readout, legend),
    h("div", { class: "heat-scroll" }, table),
    h("details", { class: "more" }, h("summary", {}, bestMatches), h("ul", { class: "matches" }, ...matches)),
  );
}

function name(token: VectorToken): HTMLElement {
  if (token === null) return h("span", {}, h("span", { "aria-hidden": "true" }, "⏎"), h("span", { class: "visually-hidden" }, t().score.end));
  return h("bdi", {}, token === "" ? "␣" : token);
}

function plainName(token: VectorToken): string {
  return token === null ? t().score.end : token;
}

function clamp(value: number, length: number): number {
  return Math.min(length - 1, Math.max(0, value));
}
