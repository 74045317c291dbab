/** A failure, told in words, with a way to try again. */
import { t } from "../i18n/language.ts";
import { h } from "./dom.ts";
import { codeOf, inWords } from "./words.ts";

export function failure(heading: string, error: unknown, retry: (() => void) | null): HTMLElement {
  const code = codeOf(error);
  return h(
    "div",
    { class: "failure", role: "alert" },
    h("p", { class: "failure-heading" }, heading),
    h("p", { lang: "en" }, inWords(error), code !== null && h("code", { class: "failure-code" }, code)),
    retry && h("button", { type: "button", class: "button", onclick: retry }, t().tryAgain),
  );
}
