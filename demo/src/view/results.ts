/** The list of answers, and what stands in its place while there is none. */
import { languageOf } from "../languages.ts";
import type { Answers, State } from "../state.ts";
import type { Store } from "../store.ts";
import { byId, h } from "./dom.ts";
import { exampleQuestions } from "./examples.ts";
import { failure } from "./failure.ts";
import { type HitContext, hit } from "./hit.ts";
import { count, milliseconds } from "./words.ts";

const HITS_AT_ONCE = 10;

export interface ResultsActions {
  /** Asks the last question again. */
  readonly retry: () => void;
  readonly ask: (question: string) => void;
}

export interface Results {
  /** Moves the focus to the first answer. */
  focusFirst(): void;
}

export function showResults(store: Store<State>, { retry, ask }: ResultsActions): Results {
  const status = h("p", { class: "results-status", role: "status" });
  const times = h("p", { class: "results-times" });
  const head = h("div", { class: "results-head" }, status, times);
  const list = h("ol", { class: "hits" });
  const rest = h("div", { class: "results-rest" });
  const main = byId("results");
  main.append(h("h2", { class: "visually-hidden" }, "Results"), head, list, rest);

  /** What the list was made for: it is made anew only for something else, so that nobody's place in it is lost. */
  let shown: unknown = null;

  const show = ({ search, model, languages }: State) => {
    head.hidden = search.kind === "idle";
    times.hidden = search.kind !== "answered";
    main.classList.toggle("results-waiting", search.kind === "searching");
    if (search.kind === "idle") instead("idle", "", () => exampleQuestions(ask));
    else if (languages.length === 0) instead("no language", "Choose at least one language.");
    else if (search.kind === "failed") instead(search.error, "", () => failure("The question could not be answered", search.error, retry));
    else if (search.kind === "answered") showAnswers(search.last);
    else if (search.last === null) instead(model.kind, model.kind === "loading" ? "Your question is answered as soon as the model is there." : "");
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
    times.textContent = `${answers.encodeMs === null ? "encoded before" : `encoded in ${milliseconds(answers.encodeMs)}`} · ranked in ${milliseconds(answers.rankMs)}`;
    list.replaceChildren();
    const more = h("button", { type: "button", class: "button" }, "Show more");
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

  list.addEventListener("keydown", (event) => moveBetweenHits(event, list));
  store.watch(["search", "model", "languages"], show);
  store.watch(["search", "model", "languages", "corpora"], ({ search, model, languages, corpora }) => {
    const encoding = search.kind === "searching" && model.kind !== "failed";
    const loading = languages.some((language) => corpora.get(language)?.kind === "loading");
    main.setAttribute("aria-busy", String(encoding || loading));
  });
  return { focusFirst: () => list.querySelector<HTMLElement>(".hit-open")?.focus() };
}

/** Arrows go from title to title; up from the first goes back to the question. */
function moveBetweenHits(event: KeyboardEvent, list: HTMLElement): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const titles = [...list.querySelectorAll<HTMLElement>(".hit-open")];
  const at = titles.indexOf(event.target as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  (at + step < 0 ? byId("question") : titles[at + step])?.focus();
}

/** Also for those who hear the page: the number alone would be the same after each question. */
function summary({ answers, ranking }: Answers, { textOf }: HitContext): (string | HTMLElement)[] {
  const [best] = answers;
  if (!best) return ["No page shares a word with the question. Rank by something else than words alone."];
  const { title, lang } = textOf(best[0]);
  return [`${count(ranking.searched, "page", "pages")} searched`, h("span", { class: "visually-hidden" }, ". Best answer: ", h("span", { lang }, title))];
}

function hitContext({ corpora, preset }: State, answers: Answers): HitContext {
  const corpus = (language: string) => {
    const state = corpora.get(language);
    if (state?.kind !== "ready") throw new Error(`The pages in ${languageOf(language).englishName} are ranked, but not loaded.`);
    return state.value;
  };
  return {
    answers,
    weights: preset.weights,
    textOf: ({ language, page }) => corpus(language).pages[page]!,
    isTruncated: ({ language, page }) => corpus(language).vectors.truncated.includes(page),
  };
}
