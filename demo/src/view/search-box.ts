/** The box that the question is typed into: "/" comes here, Escape clears, arrow down goes on to the results. */
import type { State } from "../state.ts";
import type { Store } from "../store.ts";
import { byId } from "./dom.ts";

export function showSearchBox(store: Store<State>, goToResults: () => void): void {
  const form = byId<HTMLFormElement>("search");
  const input = byId<HTMLInputElement>("question");
  const clear = form.querySelector<HTMLButtonElement>(".search-clear")!;

  const setQuery = (query: string) => {
    if (store.state.query !== query) store.update({ query });
  };
  const empty = () => {
    setQuery("");
    input.focus();
  };

  input.addEventListener("input", (event) => {
    // Half a Hangul syllable or unconverted kana is not a question yet.
    if (!(event as InputEvent).isComposing) setQuery(input.value);
  });
  input.addEventListener("compositionend", () => setQuery(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      empty();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      goToResults();
    }
  });
  clear.addEventListener("click", empty);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setQuery(input.value);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });

  store.watch(["query"], ({ query }) => {
    if (input.value !== query) input.value = query;
    clear.hidden = query === "";
  });
}
