/** Wires the demo: address, model, pages, search, and the parts that show them. */

import { readAddress, writeAddress } from "./address.ts";
import { footer } from "./app/footer.ts";
import { header } from "./app/header.ts";
import { followAddress } from "./app/routes.ts";
import type { AppState } from "./app/state.ts";
import { type Tab, tabOf, tabs } from "./app/tab.ts";
import { updateNotice } from "./app/update-notice.ts";
import { DeviceStorage } from "./device/storage.ts";
import { deviceTab } from "./device/view/tab.ts";
import { Library } from "./files/library.ts";
import { filesTab } from "./files/view/tab.ts";
import { type InterfaceLanguage, preferredLanguage, storedLanguage, storeLanguage, t, useLanguage } from "./i18n/language.ts";
import { defaultLanguages } from "./languages.ts";
import { followLanguages, retryCorpora } from "./loading/corpora.ts";
import { startModel } from "./loading/model.ts";
import { once } from "./once.ts";
import { startPwa } from "./pwa/register.ts";
import { startScores } from "./score/model.ts";
import { scoreTab } from "./score/view/tab.ts";
import { Search } from "./search.ts";
import type { State } from "./state.ts";
import { Store } from "./store.ts";
import { h } from "./view/dom.ts";
import { slashFocuses } from "./view/search-box.ts";
import { searchTab } from "./view/search-tab.ts";

const address = readAddress(location.search);

const app = new Store<AppState>({ tab: tabOf(location.search), update: "none", install: null, preparing: false });
const store = new Store<State>({
  query: address.query,
  languages: address.languages ?? defaultLanguages(navigator.languages),
  preset: address.preset,
  model: { kind: "loading", bytes: null, step: "download" },
  notices: [],
  corpora: new Map(),
  search: { kind: "idle" },
});

const pwa = startPwa(app);
const loadModel = () => void startModel(store, address.device);
void pwa.prepared.then(loadModel);
followAddress(app);
followLanguages(store);
const search = new Search(store);

const storage = once(() => new DeviceStorage(store));
const library = once(() => new Library(store));
const scores = once(() => startScores(store));

/** How each part is made; in the interface's language of that moment. */
const parts: Readonly<Record<Tab, (signal: AbortSignal) => HTMLElement>> = {
  search: (signal) => searchTab(store, search, { model: loadModel, corpora: () => retryCorpora(store) }, signal),
  score: (signal) => scoreTab(scores(), signal),
  files: (signal) => filesTab(library(), signal),
  device: (signal) => deviceTab(store, storage(), { removeFiles: () => library().reset(), retryModel: loadModel }, signal),
};

let shown: AbortController | null = null;

/** Builds the page, or builds it again in another language: all that it shows is in the stores. */
function show(): void {
  shown?.abort();
  shown = new AbortController();
  const { signal } = shown;
  const sections = new Map(tabs.map((tab) => [tab, h("div", { class: "part", id: `part-${tab}` })] as const));
  app.watch(
    ["tab"],
    ({ tab: current }) => {
      for (const [tab, section] of sections) {
        section.hidden = tab !== current;
        // A part is made when it is first looked at.
        if (tab === current && section.childElementCount === 0) section.append(parts[tab](signal));
      }
    },
    signal,
  );
  slashFocuses(signal);
  document.body.replaceChildren(
    h("a", { class: "skip", href: "#content" }, t().skip),
    header(app, chooseLanguage, signal),
    h("div", { id: "content", tabindex: "-1" }, ...sections.values()),
    footer(app, signal),
    updateNotice(app, pwa.takeUpdate, signal),
  );
}

function chooseLanguage(language: InterfaceLanguage): void {
  storeLanguage(language);
  useLanguage(language);
  show();
  document.querySelector<HTMLElement>(`[data-language="${language}"]`)?.focus();
}

useLanguage(preferredLanguage(storedLanguage(), navigator.languages));
show();

store.watch(["query", "languages", "preset"], (state) => {
  history.replaceState(null, "", `${location.pathname}${writeAddress(location.search, state)}${location.hash}`);
});
