/** Parts that the panels are made of. */
import { h } from "../../view/dom.ts";

export type Row = readonly [term: string, description: string | Node | readonly (string | Node)[]];

export function facts(rows: readonly Row[]): HTMLElement {
  const row = ([term, description]: Row) =>
    h("div", { class: "fact" }, h("dt", {}, term), h("dd", {}, ...(Array.isArray(description) ? description : [description])));
  return h("dl", { class: "facts" }, ...rows.map(row));
}

/** A button that does something that may take a while, and tells what came of it beside it. */
export function action(label: string, accessibleName: string, work: () => Promise<string>, tell: (words: string, failed: unknown) => void): HTMLButtonElement {
  const button = h("button", { type: "button", class: "button button-small", "aria-label": accessibleName }, label);
  button.addEventListener("click", async () => {
    // Not disabled, which would take the focus away.
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      tell(await work(), null);
    } catch (error) {
      tell("", error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  return button;
}
