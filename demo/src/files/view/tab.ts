/** The third part: the reader's own files. */
import { t } from "../../i18n/language.ts";
import { h } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import { searchBox } from "../../view/search-box.ts";
import type { Library } from "../library.ts";
import { adaptation } from "./adaptation.ts";
import { dropZone } from "./drop-zone.ts";
import { fileList } from "./file-list.ts";
import { fileHits } from "./hits.ts";
import { workProgress } from "./progress.ts";

export function filesTab(library: Library, signal: AbortSignal): HTMLElement {
  const text = t().files;
  const box = searchBox({
    id: "files-question",
    label: text.question,
    placeholder: text.placeholder,
    query: library.store.state.query,
    onQuery: (query) => library.ask(query),
    goToResults: () => hits.focusFirst(),
  });
  const hits = fileHits(library, () => box.input.focus(), signal);
  library.store.watch(["query"], ({ query }) => box.show(query), signal);

  const state = h("div", { class: "files-state" });
  const search = h("div", { class: "files-search" }, box.element, hits.element);
  library.store.watch(
    ["index", "files"],
    ({ index, files }) => {
      const words = { waiting: text.waitForModel, opening: text.opening, ready: "", failed: "" }[index.kind];
      state.replaceChildren(
        ...(index.kind === "failed" ? [openFailure(library, index.error)] : words ? [h("p", { class: "card-note", role: "status" }, words)] : []),
      );
      search.hidden = files.length === 0;
    },
    signal,
  );
  return h(
    "main",
    { class: "page page-files" },
    h("div", { class: "intro" }, h("h1", {}, text.headline), h("p", { class: "lede" }, text.lede)),
    h("div", { class: "files-side" }, dropZone(library, signal), state, workProgress(library, signal), fileList(library, signal), adaptation(library, signal)),
    search,
  );
}

/** Another model's index, or a damaged one, can only be removed. */
function openFailure(library: Library, error: unknown): HTMLElement {
  const element = failure(t().files.openFailed, error, () => void library.open());
  element.append(h("button", { type: "button", class: "button", onclick: () => void library.reset() }, t().files.removeAll));
  return element;
}
