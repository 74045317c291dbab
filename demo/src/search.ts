/**
 * From what is typed to ranked pages: waits until typing pauses, encodes the question, ranks. Whatever is overtaken by a newer question is cancelled; a
 * change of languages or weights ranks again with the vectors that are there.
 */
import type { Embedding, M3 } from "bge-m3-web";
import type { Corpus } from "./loading/corpus.ts";
import { pause } from "./pause.ts";
import { groupByPage } from "./ranking/group.ts";
import { rank } from "./ranking/rank.ts";
import type { Answers, QueryToken, State } from "./state.ts";
import type { Store } from "./store.ts";
import { tokensOf } from "./token-texts.ts";

/** Without typing, before what was typed is encoded. */
export const PAUSE_MS = 150;

interface Encoded {
  readonly query: string;
  readonly embedding: Embedding;
  readonly tokens: ReadonlyMap<number, QueryToken>;
  readonly encodeMs: number;
}

export class Search {
  readonly #store: Store<State>;
  #encoded: Encoded | null = null;
  #underway: AbortController | null = null;
  /** What the answers that are shown were made of. */
  #ranked: readonly unknown[] = [];

  constructor(store: Store<State>) {
    this.#store = store;
    store.watch(["query"], () => void this.#encode());
    store.watch(["model"], ({ model }) => {
      if (model.kind === "ready") void this.#encode();
    });
    store.watch(["languages", "preset", "corpora"], () => this.#rank(null));
  }

  /** Asks the last question again, after a failure. */
  retry(): void {
    void this.#encode();
  }

  async #encode(): Promise<void> {
    this.#underway?.abort();
    const { query, model, search } = this.#store.state;
    const wanted = query.trim();
    if (wanted === "") {
      this.#encoded = null;
      this.#store.update({ search: { kind: "idle" } });
      return;
    }
    if (this.#encoded?.query === wanted) return this.#rank(null);
    const last = "last" in search ? search.last : null;
    this.#store.update({ search: { kind: "searching", last } });
    // The question stays and is encoded as soon as there is a model.
    if (model.kind !== "ready") return;
    this.#underway = new AbortController();
    const { signal } = this.#underway;
    try {
      await pause(PAUSE_MS, signal);
      this.#encoded = await encodeQuestion(model.value, wanted, signal);
      this.#rank(this.#encoded.encodeMs);
    } catch (error) {
      if (!signal.aborted) this.#store.update({ search: { kind: "failed", error } });
    }
  }

  #rank(encodeMs: number | null): void {
    const { languages, corpora, preset, query, model } = this.#store.state;
    if (this.#encoded === null || this.#encoded.query !== query.trim()) return;
    const ready = languages.flatMap((language): Corpus[] => {
      const corpus = corpora.get(language);
      return corpus?.kind === "ready" ? [corpus.value] : [];
    });
    if (model.kind === "ready" && ready.some(({ vectors }) => vectors.fingerprint !== model.value.info.fingerprint)) {
      const error = new Error("The pages' vectors were made with another version of the model. Run npm run build:corpus.");
      this.#store.update({ search: { kind: "failed", error } });
      return;
    }
    // Nothing to rank yet: the first language to arrive calls again. Nothing new: only a download went on.
    const ingredients = [this.#encoded, preset, ...ready];
    const isNew = this.#store.state.search.kind !== "answered" || !sameItems(ingredients, this.#ranked);
    if (ready.length === 0 || !isNew) return;
    this.#ranked = ingredients;
    const { query: asked, embedding, tokens } = this.#encoded;
    const started = performance.now();
    const ranking = rank(
      embedding,
      ready.map(({ vectors }) => vectors),
      preset.weights,
    );
    const answers = groupByPage(ranking.pages);
    const last: Answers = { query: asked, answers, ranking, tokens, encodeMs, rankMs: performance.now() - started };
    this.#store.update({ search: { kind: "answered", last } });
  }
}

async function encodeQuestion(m3: M3, query: string, signal: AbortSignal): Promise<Encoded> {
  const started = performance.now();
  const embedding = await m3.encodeQueries(query, { returnDense: true, returnSparse: true, returnColbertVecs: true, signal });
  const encodeMs = performance.now() - started;
  return { query, embedding, tokens: await tokensOf(m3, embedding.lexicalWeights ?? {}, signal), encodeMs };
}

function sameItems(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}
