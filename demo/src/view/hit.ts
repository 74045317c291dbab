/** One answer: title, language, the line that matches best, the scores, and the page itself on request. */
import { locale, t } from "../i18n/language.ts";
import { languageName, languageOf } from "../languages.ts";
import type { Page } from "../loading/corpus.ts";
import type { Weights } from "../presets.ts";
import type { Answer } from "../ranking/group.ts";
import type { RankedPage } from "../ranking/rank.ts";
import type { Answers } from "../state.ts";
import { h } from "./dom.ts";
import { piecesToMark, withMarks } from "./highlight.ts";
import { scorePicture } from "./score-picture.ts";

export interface HitContext {
  readonly answers: Answers;
  readonly weights: Weights;
  /** Text of a page. */
  readonly textOf: (page: RankedPage) => Page;
  readonly isTruncated: (page: RankedPage) => boolean;
}

/** Shows the answer's best version; the others can be chosen. */
export function hit(answer: Answer, position: number, context: HitContext): HTMLElement {
  const item = h("li", { class: "hit" });
  const show = (version: RankedPage, focus: boolean) => {
    const others = answer.filter((other) => other !== version);
    item.replaceChildren(...hitContent(version, others, position, context, (other) => show(other, true)));
    if (focus) item.querySelector<HTMLElement>(".hit-open")?.focus();
  };
  show(answer[0], false);
  return item;
}

function hitContent(
  version: RankedPage,
  others: readonly RankedPage[],
  position: number,
  context: HitContext,
  choose: (other: RankedPage) => void,
): HTMLElement[] {
  const page = context.textOf(version);
  const { code, name, dir } = languageOf(version.language);
  const inItsLanguage = { lang: code, dir };
  const pieces = piecesToMark(context.answers.tokens, version.sharedIds);
  const bodyId = `page-${position}`;

  const body = h("div", { class: "page-text", id: bodyId, hidden: true, ...inItsLanguage });
  const snippet = h("p", { class: "snippet", ...inItsLanguage }, ...withMarks(page.lines[version.bestLine] ?? page.description, pieces));
  const open = h("button", { type: "button", class: "hit-open", "aria-expanded": "false", "aria-controls": bodyId }, page.title);
  open.addEventListener("click", () => {
    const opens = body.hidden;
    if (opens && body.childElementCount === 0) body.append(...pageText(page, version.bestLine, pieces, context.isTruncated(version)));
    body.hidden = !opens;
    snippet.hidden = opens;
    open.setAttribute("aria-expanded", String(opens));
  });

  return [
    h(
      "article",
      { class: "hit-main" },
      h(
        "p",
        { class: "hit-meta" },
        h("span", { class: "hit-language", lang: code, dir, title: languageName(code) }, name),
        h("span", { class: "hit-id" }, page.id),
      ),
      h("h3", { class: "hit-title", ...inItsLanguage }, open),
      snippet,
      body,
      others.length > 0 && otherVersions(others, choose),
    ),
    scorePicture(version, context.answers.ranking, context.weights),
  ];
}

function pageText(page: Page, bestLine: number, pieces: readonly string[], truncated: boolean): HTMLElement[] {
  const line = (text: string, index: number) => h("p", { class: index === bestLine ? "best-line" : null }, ...withMarks(text, pieces));
  const note = h("p", { class: "page-note", lang: locale(), dir: "ltr" }, t().search.longPage);
  return truncated ? [...page.lines.map(line), note] : page.lines.map(line);
}

function otherVersions(others: readonly RankedPage[], choose: (other: RankedPage) => void): HTMLElement {
  const button = (other: RankedPage) => {
    const { code, name, dir } = languageOf(other.language);
    return h("button", { type: "button", class: "version", lang: code, dir, onclick: () => choose(other) }, name);
  };
  return h("p", { class: "versions" }, t().search.alsoIn, ...others.map(button));
}
