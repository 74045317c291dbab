/** Keeps the languages that are searched loaded: each is fetched when it is first asked for, and kept. */
import type { Bytes, Loading, State } from "../state.ts";
import type { Store } from "../store.ts";
import { type Corpus, loadCorpus } from "./corpus.ts";

export function followLanguages(store: Store<State>): void {
  store.watch(["languages"], ({ languages, corpora }) => {
    for (const language of languages) if (!corpora.has(language)) void load(store, language);
  });
}

/** Loads again what failed. */
export function retryCorpora(store: Store<State>): void {
  for (const [language, { kind }] of store.state.corpora) if (kind === "failed") void load(store, language);
}

async function load(store: Store<State>, language: string): Promise<void> {
  const set = (state: Loading<Corpus>) => store.update({ corpora: new Map(store.state.corpora).set(language, state) });
  let over = false;
  const report = (bytes: Bytes | null) => {
    // One of the two files may go on after the other has failed.
    if (!over) set({ kind: "loading", bytes, step: "download" });
  };
  report(null);
  try {
    const value = await loadCorpus(language, report);
    over = true;
    set({ kind: "ready", value });
  } catch (error) {
    over = true;
    set({ kind: "failed", error });
  }
}
