/** The second part: a question and a passage, and where their scores come from. */
import { milliseconds, whole } from "../../i18n/format.ts";
import { t } from "../../i18n/language.ts";
import { languageName } from "../../languages.ts";
import type { Store } from "../../store.ts";
import { h } from "../../view/dom.ts";
import { failure } from "../../view/failure.ts";
import { textField } from "../../view/text-field.ts";
import { pairExamples, sentenceSets } from "../examples.ts";
import type { Outcome } from "../live.ts";
import type { ScoreState } from "../model.ts";
import { MOST_TOKENS, type ScoreStory } from "../story.ts";
import { heatMap } from "./heat-map.ts";
import { similarityTable } from "./similarity.ts";
import { totalScore } from "./total.ts";
import { weightBars } from "./weights.ts";

export function scoreTab(store: Store<ScoreState>, signal: AbortSignal): HTMLElement {
  const text = t().score;
  const question = textField("pair-question", text.question, 2, (value) => store.update({ question: value }));
  const passage = textField("pair-passage", text.passage, 4, (value) => store.update({ passage: value }));
  const sentences = textField("sentences", text.sentences, 6, (value) => store.update({ sentences: value }), text.sentencesHint);
  store.watch(["question"], (state) => question.show(state.question), signal);
  store.watch(["passage"], (state) => passage.show(state.passage), signal);
  store.watch(["sentences"], (state) => sentences.show(state.sentences), signal);

  const total = card(text.sum, "");
  const weights = card(text.lexicalTitle, text.lexicalNote);
  const alignment = card(text.maxsimTitle, text.maxsimNote, "card-wide");
  const comparison = card(text.denseTitle, text.denseShort, "card-wide");
  const status = h("p", { class: "pair-status", role: "status" });

  const main = h(
    "main",
    { class: "page page-score" },
    h("div", { class: "intro" }, h("h1", {}, text.headline), h("p", { class: "lede" }, text.lede)),
    h(
      "section",
      { class: "pair", "aria-label": `${text.question}, ${text.passage}` },
      examples(store),
      h("div", { class: "pair-fields" }, question.element, passage.element),
      status,
    ),
    total.element,
    weights.element,
    alignment.element,
    comparison.element,
  );
  const sets = chipRow(
    text.examples,
    sentenceSets.map((set, index) => [text.sets[index] ?? whole(index + 1), () => store.update({ sentences: set.join("\n") })]),
  );
  const matrix = h("div", {});
  comparison.body.append(sets, h("div", { class: "compare" }, sentences.element, matrix));

  store.watch(
    ["story"],
    ({ story }) => {
      const shown = valueIn(story);
      main.setAttribute("aria-busy", String(story.kind === "computing"));
      status.replaceChildren(...statusOf(story, shown));
      for (const { element } of [total, weights, alignment]) {
        element.hidden = shown === null;
        element.classList.toggle("card-waiting", story.kind === "computing");
      }
      if (story.kind !== "done") return;
      total.body.replaceChildren(totalScore(story.value));
      weights.body.replaceChildren(weightBars(story.value));
      alignment.body.replaceChildren(heatMap(story.value));
    },
    signal,
  );
  store.watch(
    ["comparison"],
    ({ comparison: outcome }) => {
      matrix.classList.toggle("card-waiting", outcome.kind === "computing");
      if (outcome.kind === "done") matrix.replaceChildren(similarityTable(outcome.value));
      else if (outcome.kind === "empty") matrix.replaceChildren(h("p", { class: "card-note" }, text.tooFew));
      else if (outcome.kind === "failed") matrix.replaceChildren(failure(text.failed, outcome.error, null));
      else if (outcome.last === null) matrix.replaceChildren(h("p", { class: "card-note" }, text.waitForModel));
    },
    signal,
  );
  return main;
}

/** What was computed last, while something newer is computed. */
function valueIn<T>(outcome: Outcome<T>): T | null {
  if (outcome.kind === "done") return outcome.value;
  return outcome.kind === "computing" ? outcome.last : null;
}

function statusOf(story: Outcome<ScoreStory>, shown: ScoreStory | null): (string | HTMLElement)[] {
  const text = t().score;
  if (story.kind === "empty") return [text.needBoth];
  if (story.kind === "failed") return [failure(text.failed, story.error, null)];
  if (story.kind === "computing") return [shown === null ? text.waitForModel : text.computing];
  return [text.computedIn(milliseconds(story.value.ms)), ...(story.value.cut ? [` · ${text.cut(whole(MOST_TOKENS))}`] : [])];
}

function examples(store: Store<ScoreState>): HTMLElement {
  const label = ([asked, given]: readonly [string, string], text: string) =>
    asked === given ? `${languageName(asked)}: ${text}` : `${languageName(asked)} → ${languageName(given)}`;
  return chipRow(
    t().score.examples,
    pairExamples.map(({ langs, question, passage }) => [label(langs, question), () => store.update({ question, passage })]),
  );
}

function chipRow(label: string, chips: readonly (readonly [string, () => void])[]): HTMLElement {
  const button = ([name, onclick]: readonly [string, () => void]) => h("button", { type: "button", class: "chip", onclick }, h("bdi", {}, name));
  return h("div", { class: "chips", role: "group", "aria-label": label }, ...chips.map(button));
}

function card(heading: string, note: string, kind = ""): { element: HTMLElement; body: HTMLElement } {
  const body = h("div", { class: "card-body" });
  const element = h("section", { class: `card ${kind}` }, h("h2", {}, heading), note !== "" && h("p", { class: "card-note" }, note), body);
  return { element, body };
}
