/** What stands in place of results before there is a question: questions to try, one click each. */
import { examples } from "../examples.ts";
import { languageOf } from "../languages.ts";
import { h } from "./dom.ts";

export function exampleQuestions(ask: (question: string) => void): HTMLElement {
  const example = ({ lang, text }: (typeof examples)[number]) => {
    const { dir, englishName } = languageOf(lang);
    const button = h("button", { type: "button", class: "example", onclick: () => ask(text) });
    button.append(h("span", { class: "example-language" }, englishName), h("span", { class: "example-text", lang, dir }, text));
    return h("li", {}, button);
  };
  return h(
    "div",
    {},
    h("p", { class: "examples-lead" }, "Ask as you would ask a person. For example:"),
    h("ul", { class: "examples" }, ...examples.map(example)),
  );
}
