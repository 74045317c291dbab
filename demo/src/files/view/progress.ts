/** What is going on with the files, how long it takes, and what became of it. */
import { bytes, duration, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import type { Library } from "../library.ts";
import { LARGEST_FILE } from "../read.ts";
import type { Report, Skipped, Work } from "../state.ts";
import { nameElement, plainName } from "./name.ts";

export function workProgress(library: Library, signal: AbortSignal): HTMLElement {
  const text = t().files;
  const bar = h("progress", { class: "progress-bar", "aria-label": text.yours });
  const words = h("p", { class: "work-words" });
  const rest = h("p", { class: "work-rest" });
  const cancel = h("button", { type: "button", class: "button button-small", onclick: () => library.cancel() }, t().cancel);
  const work = h("div", { class: "work" }, words, rest, bar, cancel);
  const report = h("div", { class: "report", role: "status" });

  library.store.watch(
    ["work"],
    (state) => {
      work.hidden = state.work === null;
      if (state.work === null) return;
      words.textContent = inWords(state.work);
      rest.textContent = restInWords(state.work);
      cancel.disabled = state.work.kind === "finishing";
      if (state.work.kind === "finishing" || (state.work.kind === "encoding" && state.work.done === 0)) bar.removeAttribute("value");
      else {
        bar.max = state.work.total;
        bar.value = state.work.done;
      }
    },
    signal,
  );
  library.store.watch(["report"], (state) => report.replaceChildren(...(state.report === null ? [] : reportInWords(state.report))), signal);
  return h("div", { class: "work-place" }, work, report);
}

function inWords(work: Work): string {
  const text = t().files;
  if (work.kind === "reading") return `${text.reading(whole(work.done + 1), whole(work.total))}: ${plainName(work.path)}`;
  return work.kind === "encoding" ? text.indexing(whole(work.done), whole(work.total)) : text.finishing;
}

function restInWords(work: Work): string {
  if (work.kind !== "encoding") return "";
  return work.remainingMs === undefined ? t().files.estimating : t().files.remaining(duration(work.remainingMs));
}

function reportInWords(report: Report): HTMLElement[] {
  const text = t().files;
  if (report.kind === "failed") return [failure(text.addFailed, report.error, null)];
  if (report.kind === "removed") return [h("p", {}, text.removed(plainName(report.path)))];
  const { files, cancelled, skipped, error } = report;
  const outcome = cancelled ? text.cancelled(files, whole(files)) : files > 0 ? text.added(files, whole(files)) : null;
  return [
    ...(error === null ? [] : [failure(text.addFailed, error, null)]),
    ...(outcome === null ? [] : [h("p", { class: "report-outcome" }, outcome)]),
    ...(skipped.length === 0 ? [] : [skippedFiles(skipped)]),
  ];
}

function skippedFiles(skipped: readonly Skipped[]): HTMLElement {
  const line = ({ path, reason, detail }: Skipped) => {
    const { reasons } = t().files;
    const why = reason === "broken" ? reasons.broken(detail) : reason === "large" ? reasons.large(bytes(LARGEST_FILE)) : reasons[reason];
    return h("li", {}, nameElement(path), h("span", { class: "skipped-why" }, ` – ${why}`));
  };
  return h(
    "details",
    { class: "skipped", open: skipped.length <= 5 },
    h("summary", {}, t().files.skipped(skipped.length, whole(skipped.length))),
    h("ul", {}, ...skipped.map(line)),
  );
}
