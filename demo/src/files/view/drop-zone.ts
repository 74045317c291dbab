/** Where files come in: by dropping, by choosing, or samples. */
import { t } from "../../i18n/language.ts";
import { h, svg } from "../../view/dom.ts";
import type { Library } from "../library.ts";
import { chosenFiles, droppedFiles, type PickedFile } from "../pick.ts";
import { acceptedNames } from "../read.ts";
import { sampleFiles } from "../samples.ts";

export function dropZone(library: Library, signal: AbortSignal): HTMLElement {
  const text = t().files;
  const add = (picked: readonly PickedFile[]) => void library.add(picked);
  const chooser = (id: string, label: string, folder: boolean) => {
    const input = h("input", { id, type: "file", class: "visually-hidden", multiple: true, accept: folder ? null : acceptedNames, webkitdirectory: folder });
    input.addEventListener("change", () => {
      add(chosenFiles(input.files));
      // So that the same files can be chosen again.
      input.value = "";
    });
    // The input keeps the focus and the keyboard; its label is what is seen.
    return { input, element: h("span", { class: "chooser" }, input, h("label", { class: "button", for: id }, label)) };
  };
  const files = chooser("choose-files", text.chooseFiles, false);
  const folder = chooser("choose-folder", text.chooseFolder, true);
  const samples = h("button", { type: "button", class: "link-button", onclick: () => add(sampleFiles()) }, text.samples);
  const lead = h("p", { class: "drop-lead" }, text.dropHere);
  const arrow = svg("svg", { class: "drop-arrow", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M12 4v11m-5-5 5 5 5-5M5 20h14" }));
  const zone = h(
    "section",
    { class: "drop-zone", "aria-label": text.dropHere },
    arrow,
    lead,
    h("p", { class: "card-note" }, text.kinds),
    h("div", { class: "drop-buttons" }, files.element, folder.element),
    h("p", { class: "card-note" }, samples, " · ", text.samplesNote),
  );

  const hover = (over: boolean) => {
    zone.classList.toggle("drop-over", over);
    lead.textContent = over ? text.dropNow : text.dropHere;
  };
  const canTake = () => library.store.state.index.kind === "ready";
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    hover(canTake());
  });
  zone.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && zone.contains(event.relatedTarget))) hover(false);
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    hover(false);
    if (canTake() && event.dataTransfer) void droppedFiles(event.dataTransfer).then(add);
  });
  // A file that misses the place would be opened in place of this page.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault(), { signal });

  library.store.watch(
    ["index"],
    ({ index }) => {
      for (const control of [files.input, folder.input, samples]) control.disabled = index.kind !== "ready";
      zone.classList.toggle("drop-waiting", index.kind !== "ready");
    },
    signal,
  );
  return zone;
}
