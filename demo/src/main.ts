/** Wires the page: state, model, pages, search, views. */
import { readAddress, writeAddress } from "./address.ts";
import { defaultLanguages } from "./languages.ts";
import { followLanguages, retryCorpora } from "./loading/corpora.ts";
import { startModel } from "./loading/model.ts";
import { Search } from "./search.ts";
import type { State } from "./state.ts";
import { Store } from "./store.ts";
import { showEngine } from "./view/engine.ts";
import { showLanguages } from "./view/languages.ts";
import { showResults } from "./view/results.ts";
import { showSearchBox } from "./view/search-box.ts";
import { showWeights } from "./view/weights.ts";

const address = readAddress(location.search);

const store = new Store<State>({
  query: address.query,
  languages: address.languages ?? defaultLanguages(navigator.languages),
  preset: address.preset,
  model: { kind: "loading", bytes: null, step: "download" },
  corpora: new Map(),
  search: { kind: "idle" },
});

const loadModel = () => void startModel(store, address.device);

loadModel();
followLanguages(store);
const search = new Search(store);

const results = showResults(store, { retry: () => search.retry(), ask: (query) => store.update({ query }) });
showSearchBox(store, () => results.focusFirst());
showWeights(store);
showLanguages(store);
showEngine(store, { model: loadModel, corpora: () => retryCorpora(store) });

store.watch(["query", "languages", "preset"], (state) => {
  history.replaceState(null, "", `${location.pathname}${writeAddress(location.search, state)}${location.hash}`);
});
