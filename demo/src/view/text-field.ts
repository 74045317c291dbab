/** A labelled field for a text, which says what was typed; not while an input method composes. */
import { h } from "./dom.ts";

export interface TextField {
  readonly element: HTMLElement;
  show(text: string): void;
}

export function textField(id: string, label: string, rows: number, onText: (text: string) => void, hint?: string): TextField {
  const input = h("textarea", { id, class: "text-input", rows, dir: "auto", spellcheck: "false", "aria-describedby": hint ? `${id}-hint` : null });
  input.addEventListener("input", (event) => {
    if (!(event as InputEvent).isComposing) onText(input.value);
  });
  input.addEventListener("compositionend", () => onText(input.value));
  const show = (text: string) => {
    if (input.value !== text) input.value = text;
  };
  const element = h("div", { class: "text-field" }, h("label", { class: "field-label", for: id }, label), input);
  if (hint) element.append(h("p", { class: "field-hint", id: `${id}-hint` }, hint));
  return { element, show };
}
