/** What stands in place of results before there is a question: questions to try, one click each. */
import { examples } from "../examples.ts";
import { t } from "../i18n/language.ts";
import { languageName, languageOf } from "../languages.ts";
import { h } from "./dom.ts";

export function exampleQuestions(ask: (question: string) => void): HTMLElement {
  const example = ({ lang, text }: (typeof examples)[number]) => {
    const { dir } = languageOf(lang);
    const button = h("button", { type: "button", class: "example", onclick: () => ask(text) });
    button.append(h("span", { class: "example-language" }, languageName(lang)), h("span", { class: "example-text", lang, dir }, text));
    return h("li", {}, button);
  };
  return h("div", {}, h("p", { class: "examples-lead" }, t().search.examplesLead), h("ul", { class: "examples" }, ...examples.map(example)));
}
