/** What was found in the reader's files. */
import type { SearchHit, SearchResult } from "bge-m3-web";
import { milliseconds, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { placeIn, type Range, rangeOf } from "../../ranking/range.ts";
import { h } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import { moveBetweenHits } from "../../view/results.ts";
import { scoreLane, scoreTotal } from "../../view/score-picture.ts";
import { keyOf } from "../catalogue.ts";
import type { Library } from "../library.ts";
import type { Found } from "../state.ts";
import { marked, passageMarks } from "./marks.ts";
import { nameElement } from "./name.ts";

export interface FileHits {
  readonly element: HTMLElement;
  focusFirst(): void;
}

export function fileHits(library: Library, goToQuestion: () => void, signal: AbortSignal): FileHits {
  const text = t().files;
  const status = h("p", { class: "results-status", role: "status" });
  const times = h("p", { class: "results-times" });
  const list = h("ol", { class: "hits" });
  const element = h("section", { class: "results", "aria-label": text.results }, h("div", { class: "results-head" }, status, times), list);
  library.store.watch(
    ["found", "query"],
    ({ found, query }) => {
      element.classList.toggle("results-waiting", found.kind === "computing");
      element.setAttribute("aria-busy", String(found.kind === "computing"));
      if (found.kind === "empty" || found.kind === "failed") list.replaceChildren();
      times.textContent = found.kind === "done" ? text.searchedIn(milliseconds(found.value.ms)) : "";
      if (found.kind === "failed") status.replaceChildren(failure(text.searchFailed, found.error, null));
      else if (found.kind === "empty") status.textContent = query.trim() === "" ? text.searchFirst : "";
      else if (found.kind === "done") {
        const { hits, crossLingual } = found.value.result;
        status.textContent = [text.found(hits.length, whole(hits.length)), ...(crossLingual && hits.length > 0 ? [text.crossLingual] : [])].join(" ");
        list.replaceChildren(...hitElements(found.value, library));
      }
    },
    signal,
  );
  list.addEventListener("keydown", (event) => moveBetweenHits(event, list, goToQuestion));
  return { element, focusFirst: () => list.querySelector<HTMLElement>(".hit-open")?.focus() };
}

type Signal = "dense" | "lexical" | "colbert";

function hitElements({ query, result: { hits, weights } }: Found, library: Library): HTMLElement[] {
  const range = (signal: Signal) => rangeOf(hits.map(({ parts }) => parts[signal] ?? 0));
  const ranges = { dense: range("dense"), lexical: range("lexical"), colbert: range("colbert") };
  return hits.map((hit, place) => h("li", { class: "hit" }, article(hit, place, query, library), scores(hit, ranges, weights)));
}

function scores({ score, parts }: SearchHit, ranges: Record<Signal, Range>, weights: SearchResult["weights"]): HTMLElement {
  const names = t().scores;
  const lane = (name: string, head: string, signal: Signal) =>
    scoreLane(name, head, parts[signal] ?? 0, placeIn(ranges[signal], parts[signal] ?? 0), weights[signal] > 0);
  return h(
    "dl",
    { class: "scores" },
    scoreTotal(score),
    lane(names.dense, "dense", "dense"),
    lane(names.lexical, "sparse", "lexical"),
    lane(names.colbert, "colbert", "colbert"),
  );
}

function article(hit: SearchHit, place: number, query: string, library: Library): HTMLElement {
  const file = library.store.state.files.find(({ key }) => key === keyOf(hit.id));
  const marks = passageMarks(hit, query);
  const bodyId = `file-hit-${place}`;
  const body = h("div", { class: "page-text whole-section", id: bodyId, hidden: true, dir: "auto" });
  const snippet = h("p", { class: "snippet", dir: "auto" }, ...marked(hit.passage.text, marks));
  const open = h("button", { type: "button", class: "hit-open", "aria-expanded": "false", "aria-controls": bodyId }, h("bdi", {}, hit.title ?? ""));
  open.addEventListener("click", async () => {
    const opens = body.hidden;
    body.hidden = !opens;
    snippet.hidden = opens;
    open.setAttribute("aria-expanded", String(opens));
    if (!opens || body.childElementCount > 0) return;
    const text = await library.textOf(hit.id);
    const { start } = hit.passage;
    const shifted = marks.map(([from, to]) => [from + start, to + start] as const);
    body.replaceChildren(h("p", {}, ...marked(text, shifted)));
  });
  return h(
    "article",
    { class: "hit-main" },
    h("p", { class: "hit-meta" }, file ? nameElement(file.path) : ""),
    h("h3", { class: "hit-title", dir: "auto" }, open),
    snippet,
    body,
  );
}
