/** The list of answers, and what stands in its place while there is none. */
import { milliseconds, whole } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { languageName } from "../languages.ts";
import type { Answers, State } from "../state.ts";
import type { Store } from "../store.ts";
import { h } from "./dom.ts";
import { exampleQuestions } from "./examples.ts";
import { failure } from "./failure.ts";
import { type HitContext, hit } from "./hit.ts";

const HITS_AT_ONCE = 10;

export interface ResultsActions {
  /** Asks the last question again. */
  readonly retry: () => void;
  readonly ask: (question: string) => void;
  /** From the first answer back to the question. */
  readonly goToQuestion: () => void;
}

export interface Results {
  readonly element: HTMLElement;
  /** Moves the focus to the first answer. */
  focusFirst(): void;
}

export function resultList(store: Store<State>, { retry, ask, goToQuestion }: ResultsActions, signal: AbortSignal): Results {
  const status = h("p", { class: "results-status", role: "status" });
  const times = h("p", { class: "results-times" });
  const head = h("div", { class: "results-head" }, status, times);
  const list = h("ol", { class: "hits" });
  const rest = h("div", { class: "results-rest" });
  const heading = h("h2", { class: "visually-hidden" }, t().search.results);
  const main = h("main", { id: "results", class: "results", tabindex: "-1", "aria-label": t().search.results }, heading, head, list, rest);

  /** What the list was made for: it is made anew only for something else, so that nobody's place in it is lost. */
  let shown: unknown = null;

  const show = ({ search, model, languages }: State) => {
    head.hidden = search.kind === "idle";
    times.hidden = search.kind !== "answered";
    main.classList.toggle("results-waiting", search.kind === "searching");
    if (search.kind === "idle") instead("idle", "", () => exampleQuestions(ask));
    else if (languages.length === 0) instead("no language", t().noLanguage);
    else if (search.kind === "failed") instead(search.error, "", () => failure(t().search.failed, search.error, retry));
    else if (search.kind === "answered") showAnswers(search.last);
    else if (search.last === null) instead(model.kind, model.kind === "loading" ? t().search.modelFirst : "");
  };

  const instead = (what: unknown, words: string, content?: () => HTMLElement) => {
    if (what === shown) return;
    shown = what;
    status.textContent = words;
    list.replaceChildren();
    rest.replaceChildren(...(content ? [content()] : []));
  };

  const showAnswers = (answers: Answers) => {
    if (answers === shown) return;
    shown = answers;
    const context = hitContext(store.state, answers);
    status.replaceChildren(...summary(answers, context));
    times.textContent = timesOf(answers);
    list.replaceChildren();
    const more = h("button", { type: "button", class: "button" }, t().search.more);
    const showMore = () => {
      const before = list.childElementCount;
      const next = answers.answers.slice(before, before + HITS_AT_ONCE);
      list.append(...next.map((answer, index) => hit(answer, before + index, context)));
      if (before > 0) list.children[before]?.querySelector<HTMLElement>(".hit-open")?.focus();
      more.hidden = list.childElementCount >= answers.answers.length;
    };
    more.addEventListener("click", showMore);
    rest.replaceChildren(more);
    showMore();
  };

  list.addEventListener("keydown", (event) => moveBetweenHits(event, list, goToQuestion));
  store.watch(["search", "model", "languages"], show, signal);
  store.watch(
    ["search", "model", "languages", "corpora"],
    ({ search, model, languages, corpora }) => {
      const encoding = search.kind === "searching" && model.kind !== "failed";
      const loading = languages.some((language) => corpora.get(language)?.kind === "loading");
      main.setAttribute("aria-busy", String(encoding || loading));
    },
    signal,
  );
  return { element: main, focusFirst: () => list.querySelector<HTMLElement>(".hit-open")?.focus() };
}

/** Arrows go from title to title; up from the first goes back to the question. */
export function moveBetweenHits(event: KeyboardEvent, list: HTMLElement, goToQuestion: () => void): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const titles = [...list.querySelectorAll<HTMLElement>(".hit-open")];
  const at = titles.indexOf(event.target as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  if (at + step < 0) goToQuestion();
  else titles[at + step]?.focus();
}

function timesOf({ encodeMs, rankMs }: Answers): string {
  const encoded = encodeMs === null ? t().search.encodedBefore : t().search.encodedIn(milliseconds(encodeMs));
  return `${encoded} · ${t().search.rankedIn(milliseconds(rankMs))}`;
}

/** Also for those who hear the page: the number alone would be the same after each question. */
function summary({ answers, ranking }: Answers, { textOf }: HitContext): (string | HTMLElement)[] {
  const [best] = answers;
  if (!best) return [t().search.nothing];
  const { title, lang } = textOf(best[0]);
  return [t().search.searched(ranking.searched, whole(ranking.searched)), h("span", { class: "visually-hidden" }, t().search.best, h("span", { lang }, title))];
}

function hitContext({ corpora, preset }: State, answers: Answers): HitContext {
  const corpus = (language: string) => {
    const state = corpora.get(language);
    if (state?.kind !== "ready") throw new Error(`The pages in ${languageName(language)} are ranked, but not loaded.`);
    return state.value;
  };
  return {
    answers,
    weights: preset.weights,
    textOf: ({ language, page }) => corpus(language).pages[page]!,
    isTruncated: ({ language, page }) => corpus(language).vectors.truncated.includes(page),
  };
}
