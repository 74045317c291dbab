/** Training heads on the reader's own files: how it goes, what came of it, and back again. */
import type { AdaptReport, TrainingPoint } from "bge-m3-web";
import { decimal, duration, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h, svg } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import type { Library } from "../library.ts";
import type { Adaptation } from "../state.ts";

const WIDTH = 320;
const HEIGHT = 96;

export function adaptation(library: Library, signal: AbortSignal): HTMLElement {
  const text = t().files.adapt;
  /** Heads that were no better were trained, and not taken. */
  const refused = () => {
    const { adaptation: state } = library.store.state;
    return state.kind === "done" && !state.report.adopted;
  };
  const start = h("button", { type: "button", class: "button", onclick: () => void library.adapt(refused() ? "always" : "ifBetter") }, text.start);
  const cancel = h("button", { type: "button", class: "button button-small", onclick: () => library.cancel() }, t().cancel);
  const undo = h("button", { type: "button", class: "button", onclick: () => void library.undoAdapt() }, text.undo);
  const words = h("p", { class: "work-words" });
  const rest = h("p", { class: "work-rest" });
  const bar = h("progress", { class: "progress-bar", "aria-label": text.title });
  const work = h("div", { class: "work work-plain" }, words, rest, bar, cancel);
  const curve = h("div", {});
  const outcome = h("div", { class: "adapt-outcome", role: "status" });
  const note = h("p", { class: "card-note" });
  const buttons = h("div", { class: "kept-actions" }, start, undo);

  library.store.watch(
    ["adaptation", "adapted", "work", "index"],
    ({ adaptation: state, adapted, work: other, index }) => {
      const underway = state.kind === "underway";
      note.textContent = adapted && !underway ? text.undoNote : text.note;
      work.hidden = !underway;
      buttons.hidden = underway;
      undo.hidden = !adapted;
      start.textContent = refused() ? text.anyway : adapted ? text.again : text.start;
      for (const button of [start, undo]) button.disabled = other !== null || index.kind !== "ready";
      if (underway) {
        words.textContent = text.steps[state.step];
        rest.textContent = state.remainingMs === undefined ? "" : t().files.remaining(duration(state.remainingMs));
        // Encoding again is not to be cancelled: index and heads belong together.
        cancel.disabled = state.step === "index" || state.step === "prepare";
        if (state.total > 0) {
          bar.max = state.total;
          bar.value = state.done;
        } else bar.removeAttribute("value");
      }
    },
    signal,
  );
  library.store.watch(
    ["adaptation"],
    ({ adaptation: state }) => {
      curve.replaceChildren(...curveOf(state));
      outcome.replaceChildren(...outcomeOf(state));
    },
    signal,
  );
  const card = h("section", { class: "card" }, h("h2", {}, text.title), note, buttons, work, curve, outcome);
  library.store.watch(["files"], ({ files }) => card.toggleAttribute("hidden", files.length === 0), signal);
  return card;
}

function curveOf(state: Adaptation): Element[] {
  const text = t().files.adapt;
  const points: readonly TrainingPoint[] =
    state.kind === "underway"
      ? state.curve
      : state.kind === "done"
        ? [...state.report.curves.steps.map(({ step, loss }): TrainingPoint => ({ step, losses: { all: loss, lexical: null, colbert: null } }))]
        : [];
  const losses = points.flatMap(({ step, losses: told }) => (told ? [[step, told.all] as const] : []));
  const ranks = points.flatMap(({ step, dev }) => (dev ? [[step, dev.combined] as const] : []));
  if (losses.length < 2) return [];
  const lastStep = Math.max(...points.map(({ step }) => step));
  const highest = Math.max(...losses.map(([, loss]) => loss));
  const line = (values: readonly (readonly [number, number])[], most: number) =>
    values.map(([step, value]) => `${((step / lastStep) * WIDTH).toFixed(1)},${(HEIGHT - 4 - (value / most) * (HEIGHT - 8)).toFixed(1)}`).join(" ");
  const [step, loss] = losses.at(-1)!;
  const label = text.curve(whole(step), decimal(loss, 2));
  return [
    svg(
      "svg",
      { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      svg("polyline", { class: "curve-loss", points: line(losses, highest) }),
      ranks.length > 1 && svg("polyline", { class: "curve-rank", points: line(ranks, 1) }),
    ),
    h(
      "p",
      { class: "curve-words" },
      h("span", { class: "curve-key curve-key-loss" }, `${text.loss} ${decimal(loss, 2)}`),
      ranks.length > 0 && h("span", { class: "curve-key curve-key-rank" }, `${text.rank} ${decimal(ranks.at(-1)![1], 3)}`),
    ),
  ];
}

function outcomeOf(state: Adaptation): HTMLElement[] {
  const text = t().files.adapt;
  if (state.kind === "failed") return [failure(text.failed, state.error, null)];
  if (state.kind === "undone") return [h("p", { class: "report-outcome" }, text.undone)];
  if (state.kind !== "done") return [];
  const { adopted, before, after } = state.report;
  const words = !adopted ? text.notBetter : after.combined.mrr > before.combined.mrr ? text.better : text.unhelpful;
  return [h("p", { class: "report-outcome" }, words), comparison(state.report)];
}

function comparison({ before, after, pairs }: AdaptReport): HTMLElement {
  const text = t().files.adapt;
  const names = { dense: t().scores.dense, lexical: t().scores.lexical, colbert: t().scores.colbert, combined: text.together } as const;
  const line = (head: keyof typeof names) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, names[head]),
      ...[before, after].map((scores) => h("td", {}, scores[head] === null ? "–" : decimal(scores[head].mrr, 3))),
    );
  const heads = h("tr", {}, h("td", {}), h("th", { scope: "col" }, text.before), h("th", { scope: "col" }, text.after));
  return h(
    "table",
    { class: "comparison" },
    h("caption", {}, text.heldOut(whole(pairs.heldOut))),
    h("thead", {}, heads),
    h("tbody", {}, line("dense"), line("lexical"), line("colbert"), line("combined")),
  );
}
