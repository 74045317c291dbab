/** The files that are in the index, and how to take them out again. */
import { bytes, date, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { h } from "../../view/dom.ts";
import type { CatalogueEntry } from "../catalogue.ts";
import type { Library } from "../library.ts";
import { nameElement, plainName } from "./name.ts";

export function fileList(library: Library, signal: AbortSignal): HTMLElement {
  const text = t().files;
  const summary = h("p", { class: "card-note" });
  const list = h("ul", { class: "file-list" });
  const removeAll = h("button", { type: "button", class: "link-button" }, text.removeAll);
  let asked = false;
  const ask = (again: boolean) => {
    asked = again;
    removeAll.textContent = again ? text.removeAllReally : text.removeAll;
    removeAll.classList.toggle("link-button-bad", again);
  };
  removeAll.addEventListener("click", () => {
    if (asked) void library.reset();
    ask(!asked);
  });
  removeAll.addEventListener("blur", () => ask(false));
  const heading = h("h2", { tabindex: "-1" }, text.yours);

  library.store.watch(
    ["files", "work"],
    ({ files, work }) => {
      const sections = files.reduce((sum, entry) => sum + entry.sections, 0);
      summary.textContent = files.length === 0 ? text.none : text.summary(files.length, whole(files.length), whole(sections));
      removeAll.hidden = files.length === 0;
      removeAll.disabled = work !== null;
      const hadFocus = list.contains(document.activeElement);
      const shown = [...list.children].map((line) => (line as HTMLElement).dataset.key);
      if (shown.length !== files.length || files.some(({ key }, place) => key !== shown[place])) {
        list.replaceChildren(...files.map((entry) => line(entry, library)));
        if (hadFocus) (list.querySelector<HTMLElement>("button") ?? heading).focus();
      }
    },
    signal,
  );
  return h("section", { class: "card files-card" }, h("div", { class: "card-head" }, heading, removeAll), summary, list);
}

function line(entry: CatalogueEntry, library: Library): HTMLElement {
  const text = t().files;
  const remove = () => {
    button.disabled = true;
    void library.remove(entry);
  };
  const button = h("button", { type: "button", class: "link-button", "aria-label": text.removeNamed(plainName(entry.path)), onclick: remove }, text.remove);
  const about = `${text.sections(entry.sections, whole(entry.sections))} · ${bytes(entry.bytes)} · ${date(entry.added)}`;
  return h("li", { "data-key": entry.key }, h("div", { class: "file-about" }, nameElement(entry.path), h("span", { class: "file-size" }, about)), button);
}
