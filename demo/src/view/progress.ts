/** A bar that fills with the bytes of a download. */
import { megabytes } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import type { Bytes } from "../state.ts";
import { h } from "./dom.ts";

export interface ProgressRow {
  readonly element: HTMLElement;
  /** Null while the amount is unknown. */
  set(bytes: Bytes | null, words: string): void;
}

/** Updated in place, so that a screen reader keeps its element. */
export function progressRow(label: string): ProgressRow {
  const bar = h("progress", { class: "progress-bar", "aria-label": label });
  const amount = h("span", { class: "progress-amount" });
  const element = h("div", { class: "progress" }, h("span", { class: "progress-label" }, label), bar, amount);
  const set = (bytes: Bytes | null, words: string) => {
    if (bytes && bytes.total > 0) {
      bar.max = bytes.total;
      bar.value = bytes.loaded;
    } else bar.removeAttribute("value");
    amount.textContent = words || (bytes ? t().engine.of(megabytes(bytes.loaded), megabytes(bytes.total)) : "");
  };
  return { element, set };
}
