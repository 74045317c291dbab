/** A box that a question is typed into. Escape clears it, arrow down goes on to the results; half a syllable of an input method is not a question yet. */
import { t } from "../i18n/language.ts";
import { h, svg } from "./dom.ts";

export interface SearchBoxOptions {
  readonly id: string;
  readonly label: string;
  readonly placeholder: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly goToResults: () => void;
}

export interface SearchBox {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** What it shows: from elsewhere than its own typing. */
  show(query: string): void;
}

export function searchBox({ id, label, placeholder, query, onQuery, goToResults }: SearchBoxOptions): SearchBox {
  const input = h("input", {
    id,
    name: "q",
    type: "search",
    class: "search-input",
    dir: "auto",
    placeholder,
    value: query,
    "aria-describedby": `${id}-hint`,
    enterkeyhint: "search",
    autocapitalize: "off",
    spellcheck: "false",
  });
  const cross = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "m6 6 12 12M18 6 6 18" }));
  const clear = h("button", { class: "search-clear", type: "button", hidden: query === "" }, cross, h("span", { class: "visually-hidden" }, t().search.clear));
  const lens = svg("circle", { cx: 10.5, cy: 10.5, r: 6.5 });
  const form = h(
    "form",
    { class: "search-box", autocomplete: "off" },
    h("label", { class: "visually-hidden", for: id }, label),
    svg("svg", { class: "search-icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, lens, svg("path", { d: "m15.5 15.5 5 5" })),
    input,
    h("kbd", { class: "search-key", "aria-hidden": "true" }, "/"),
    clear,
  );

  const say = () => onQuery(input.value);
  const empty = () => {
    onQuery("");
    input.focus();
  };
  input.addEventListener("input", (event) => {
    if (!(event as InputEvent).isComposing) say();
  });
  input.addEventListener("compositionend", say);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Escape" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (event.key === "Escape") empty();
    else goToResults();
  });
  clear.addEventListener("click", empty);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say();
  });

  const show = (text: string) => {
    if (input.value !== text) input.value = text;
    clear.hidden = text === "";
  };
  const hint = h("p", { id: `${id}-hint`, class: "visually-hidden" }, t().search.hint);
  return { element: h("search", {}, form, hint), input, show };
}

/** "/" goes to the box that is to be seen. */
export function slashFocuses(signal: AbortSignal): void {
  const focus = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLTextAreaElement || (event.target instanceof HTMLInputElement && event.target.type === "search");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const input = [...document.querySelectorAll<HTMLInputElement>(".search-input")].find((one) => one.checkVisibility());
    if (!input) return;
    event.preventDefault();
    input.focus();
    input.select();
  };
  document.addEventListener("keydown", focus, { signal });
}
