/**
 * `<m3-search>`: a search box with its results, as combobox and listbox.
 *
 * Attributes: `limit` (8), `placeholder`, `lang` (of the interface; default the page's), `no-shortcut` ("/" does not focus the box).
 * Property: `source`, which answers; `messages`, own wording.
 * Slots: `empty` (nothing was found), `footer` (below the results). Parts: box, input, panel, result, title, snippet, mark, note.
 * Events: `m3-select` (detail: the result; cancelable, otherwise the page is opened), `m3-results` (detail: the results).
 */
import { html, LitElement, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { markedParts } from "./marked-parts.ts";
import { type Messages, messagesFor } from "./messages.ts";
import { safeUrl } from "./safe-url.ts";
import { SearchController, type SearchState } from "./search-controller.ts";
import type { MarkedText, SearchResult, SearchSource } from "./search-source.ts";
import { styles } from "./styles.ts";

/** While a syllable is being composed, what stands there already means something; a Latin letter on its way to a kana does not. */
const HANGUL = /\p{Script=Hangul}/u;

export class M3SearchElement extends LitElement {
  static override readonly styles = styles;
  static override readonly properties: PropertyDeclarations = {
    source: { attribute: false },
    messages: { attribute: false },
    limit: { type: Number },
    placeholder: { type: String },
    noShortcut: { type: Boolean, attribute: "no-shortcut" },
    state: { state: true },
    open: { state: true },
  };

  declare source: SearchSource | undefined;
  declare messages: Partial<Messages>;
  declare limit: number;
  declare placeholder: string | undefined;
  declare noShortcut: boolean;
  declare private state: SearchState | undefined;
  declare private open: boolean;

  #controller: SearchController | undefined;
  #pointerInside = false;

  constructor() {
    super();
    this.messages = {};
    this.limit = 8;
    this.noShortcut = false;
    this.open = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#shortcut);
    document.addEventListener("pointerdown", this.#outside);
    this.source?.addEventListener("modelchange", this.#modelChanged);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#shortcut);
    document.removeEventListener("pointerdown", this.#outside);
    this.source?.removeEventListener("modelchange", this.#modelChanged);
    this.#controller?.dispose();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("source") && !changed.has("limit")) return;
    changed.get("source")?.removeEventListener("modelchange", this.#modelChanged);
    this.#controller?.dispose();
    this.state = undefined;
    const { source } = this;
    if (!source) return;
    if (this.isConnected) source.addEventListener("modelchange", this.#modelChanged);
    this.#controller = new SearchController(source, (state) => this.#changed(state), { limit: this.limit });
    const { value } = this.#input ?? {};
    if (value) this.#controller.input(value);
  }

  override focus(options?: FocusOptions): void {
    this.#input?.focus(options);
  }

  protected override render(): TemplateResult {
    const words = this.#words;
    const { results = [], active = -1, status = "idle", query = "" } = this.state ?? {};
    const shown = this.open && query !== "";
    return html`
      <div class="box" part="box">
        <input
          part="input" type="search" role="combobox" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search"
          aria-label=${words.label} aria-autocomplete="list" aria-haspopup="listbox" aria-controls="results"
          aria-expanded=${shown && results.length > 0} aria-activedescendant=${shown && active >= 0 ? `result-${active}` : nothing}
          placeholder=${this.placeholder ?? words.placeholder} dir="auto"
          @input=${this.#typed} @compositionend=${this.#composed} @keydown=${this.#pressed} @focus=${this.#focused} @blur=${this.#blurred}
        />
        ${status === "searching" ? html`<span class="busy" aria-hidden="true"></span>` : nothing}
        ${query !== "" ? html`<button class="clear" type="button" aria-label=${words.clear} @click=${this.#clear}>✕</button>` : nothing}
        ${query === "" && !this.noShortcut ? html`<kbd aria-hidden="true">/</kbd>` : nothing}
      </div>
      <div class="status" role="status">${shown ? this.#announcement() : ""}</div>
      <div class="panel" part="panel" ?hidden=${!shown} @pointerenter=${() => this.#pointer(true)} @pointerleave=${() => this.#pointer(false)} @mousedown=${keepFocus}>
        <div id="results" role="listbox" aria-label=${words.label}>${results.map((result, place) => this.#option(result, place, place === active))}</div>
        ${status === "done" && results.length === 0 ? html`<slot name="empty"><div class="note" part="note">${words.noResults(query)}</div></slot>` : nothing}
        ${this.#modelNote()}
        ${this.#heldNote()}
        ${status === "failed" ? html`<div class="note" part="note">${words.failed} ${this.state?.error}<button type="button" @click=${() => this.#controller?.submit()}>${words.retry}</button></div>` : nothing}
        <slot name="footer"></slot>
      </div>
    `;
  }

  #option(result: SearchResult, place: number, chosen: boolean): TemplateResult {
    return html`<a
      part="result" role="option" id="result-${place}" tabindex="-1" aria-selected=${chosen} href=${safeUrl(result.url, document.baseURI) ?? nothing}
      lang=${result.lang ?? nothing} dir="auto" @click=${(event: MouseEvent) => this.#clicked(event, result)}
      ><span class="title" part="title">${markedText(result.title)}</span><span class="snippet" part="snippet">${markedText(result.snippet)}</span></a
    >`;
  }

  #modelNote(): TemplateResult | typeof nothing {
    const words = this.#words;
    const { model } = this.source ?? {};
    if (!model || this.state?.stage !== "words" || this.state.results.length === 0) return nothing;
    const ask = html`<button type="button" @click=${() => this.source?.loadModel()}>${words.loadModel}</button>`;
    const text = {
      waiting: () => words.byWords,
      ready: () => words.byWords,
      loading: () => words.loadingModel(model.kind === "loading" && model.total > 0 ? Math.floor((100 * model.loaded) / model.total) : 0),
      declined: () => words.modelDeclined,
      failed: () => words.modelFailed,
    }[model.kind]();
    return html`<div class="note" part="note"><span>${text}</span>${model.kind === "declined" || model.kind === "failed" ? ask : nothing}</div>`;
  }

  /** Below the list: above, it would push down what is under the pointer. */
  #heldNote(): TemplateResult | typeof nothing {
    if (!this.state?.held) return nothing;
    return html`<div class="note" part="note"><button type="button" @click=${() => this.#controller?.showBetter()}>${this.#words.better}</button></div>`;
  }

  #announcement(): string {
    const { status, results, query, stage } = this.state!;
    if (status === "failed") return this.#words.failed;
    if (status === "searching" && stage === null) return this.#words.searching;
    return results.length === 0 ? this.#words.noResults(query) : this.#words.results(results.length);
  }

  get #words(): Messages {
    const lang = this.lang || this.closest<HTMLElement>("[lang]")?.lang || navigator.language;
    return messagesFor(lang, this.messages);
  }

  get #input(): HTMLInputElement | null {
    return this.renderRoot?.querySelector("input") ?? null;
  }

  #changed(state: SearchState): void {
    const before = this.state;
    this.state = state;
    if (state.results !== before?.results) this.dispatchEvent(new CustomEvent("m3-results", { detail: state.results, bubbles: true, composed: true }));
  }

  #typed = (event: Event): void => {
    const { isComposing, data } = event as InputEvent;
    if (isComposing && !(data && HANGUL.test(data))) return;
    this.#composed();
  };

  #composed = (): void => {
    this.open = true;
    this.#controller?.input(this.#input?.value ?? "");
  };

  #pressed = (event: KeyboardEvent): void => {
    // Enter and arrows belong to the input method while it composes; Safari tells by the key code alone.
    if (event.isComposing || event.keyCode === 229) return;
    const { results = [], active = -1 } = this.state ?? {};
    const act = {
      ArrowDown: () => this.#step(1),
      ArrowUp: () => this.#step(-1),
      Escape: () => (this.open && this.state?.query ? this.#close() : this.#clear()),
      Enter: () => (results[active] ? this.renderRoot.querySelector<HTMLElement>(`#result-${active}`)?.click() : this.#controller?.submit()),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  #step(step: 1 | -1): void {
    this.open = true;
    this.#controller?.move(step);
    void this.updateComplete.then(() => this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }));
  }

  #close(): void {
    this.open = false;
    this.#controller?.choose(-1);
    this.#pointer(false);
  }

  #clear = (): void => {
    const input = this.#input;
    if (input) input.value = "";
    this.#controller?.input("");
    input?.focus();
  };

  #clicked(event: MouseEvent, result: SearchResult): void {
    const proceeds = this.dispatchEvent(new CustomEvent("m3-select", { detail: result, bubbles: true, composed: true, cancelable: true }));
    if (!proceeds) event.preventDefault();
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) this.#close();
  }

  #pointer(inside: boolean): void {
    this.#pointerInside = inside;
    this.#controller?.use(inside);
  }

  #focused = (): void => {
    this.open = true;
  };

  #blurred = (): void => {
    if (!this.#pointerInside) this.#close();
  };

  #modelChanged = (): void => {
    this.requestUpdate();
  };

  #outside = (event: PointerEvent): void => {
    if (this.open && !event.composedPath().includes(this)) this.#close();
  };

  #shortcut = (event: KeyboardEvent): void => {
    if (this.noShortcut || event.key !== "/" || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    if (target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"))) return;
    event.preventDefault();
    this.focus();
  };
}

function markedText(text: MarkedText): (TemplateResult | string)[] {
  return markedParts(text).map(({ text: part, marked }) => (marked ? html`<mark part="mark">${part}</mark>` : part));
}

/** A press on the panel must not take the focus from the box. */
function keepFocus(event: Event): void {
  event.preventDefault();
}
