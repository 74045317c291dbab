/**
 * What a search box does, without how it looks: waits until typing pauses, drops answers to what is no longer asked, keeps the place in the list, and improves
 * the ranking without moving it from under a hand.
 */
import type { SearchPage, SearchResult, SearchSource, SearchStage } from "./search-source.ts";

export interface SearchState {
  readonly query: string;
  /** `idle`: nothing is asked. */
  readonly status: "idle" | "searching" | "done" | "failed";
  /** Of the last answer; stay while the next one is on its way. */
  readonly results: readonly SearchResult[];
  /** How the results were found; null before any. */
  readonly stage: SearchStage | null;
  /** Place of the chosen result; -1 for none. */
  readonly active: number;
  /** A better ranking is here, but waits because the list is in use. */
  readonly held: boolean;
  /** For people; only when `failed`. */
  readonly error: string | null;
}

export interface SearchControllerOptions {
  /** Most results. Default 8. */
  readonly limit?: number | undefined;
  /** Pause in typing, in milliseconds, after which is searched. Default 120. */
  readonly debounceMs?: number | undefined;
}

const IDLE: SearchState = { query: "", status: "idle", results: [], stage: null, active: -1, held: false, error: null };

export class SearchController {
  readonly #source: SearchSource;
  readonly #listener: (state: SearchState) => void;
  readonly #limit: number;
  readonly #debounceMs: number;
  #state = IDLE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #search: AbortController | undefined;
  #inUse = false;
  #better: SearchPage | null = null;

  constructor(source: SearchSource, listener: (state: SearchState) => void, { limit = 8, debounceMs = 120 }: SearchControllerOptions = {}) {
    this.#source = source;
    this.#listener = listener;
    this.#limit = limit;
    this.#debounceMs = debounceMs;
  }

  get state(): SearchState {
    return this.#state;
  }

  /** The box has another text. */
  input(text: string): void {
    const query = text.trim();
    if (query === this.#state.query) return;
    this.#stop();
    if (query === "") {
      this.#set(IDLE);
      return;
    }
    this.#set({ query, status: "searching", held: false, error: null });
    this.#timer = setTimeout(() => void this.#ask(query), this.#debounceMs);
  }

  /** Asks at once what waits for a pause in typing, and again what failed. */
  submit(): void {
    const { query, status } = this.#state;
    if (query === "" || (this.#timer === undefined && status !== "failed")) return;
    this.#stop();
    void this.#ask(query);
  }

  /** Chooses the next (1) or the one before (-1), round and round; -1 from the first chooses none. */
  move(step: 1 | -1): void {
    const { results, active } = this.#state;
    if (results.length === 0) return;
    const places = results.length + 1;
    this.choose(((active + 1 + step + places) % places) - 1);
  }

  choose(active: number): void {
    if (active === this.#state.active) return;
    this.#set({ active });
    this.#improve();
  }

  /** While the list is in use (a pointer over it, a result chosen) its order does not change. */
  use(inUse: boolean): void {
    this.#inUse = inUse;
    this.#improve();
  }

  /** Shows the ranking that was held back. */
  showBetter(): void {
    if (this.#better) this.#show(this.#better);
  }

  dispose(): void {
    this.#stop();
  }

  async #ask(query: string): Promise<void> {
    this.#timer = undefined;
    const search = new AbortController();
    this.#search = search;
    this.#set({ status: "searching", error: null });
    let first = true;
    try {
      for await (const page of this.#source.search(query, { limit: this.#limit, signal: search.signal })) {
        if (search.signal.aborted) return;
        if (first) this.#show(page);
        else this.#better = page;
        first = false;
        this.#improve();
      }
      if (!search.signal.aborted) this.#set({ status: "done" });
    } catch (error) {
      if (search.signal.aborted) return;
      this.#set({ status: "failed", error: error instanceof Error ? error.message : String(error) });
    }
  }

  #improve(): void {
    if (!this.#better) return;
    if (sameOrder(this.#better.results, this.#state.results)) this.#show(this.#better);
    else if (!this.#inUse && this.#state.active < 0) this.#show(this.#better);
    else if (!this.#state.held) this.#set({ held: true });
  }

  /** The chosen result stays the chosen one, wherever it goes. */
  #show({ results, stage }: SearchPage): void {
    this.#better = null;
    const chosen = this.#state.results[this.#state.active]?.id;
    const active = chosen === undefined ? -1 : results.findIndex(({ id }) => id === chosen);
    this.#set({ results, stage, active, held: false });
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#search?.abort();
    this.#search = undefined;
    this.#better = null;
  }

  #set(change: Partial<SearchState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listener(this.#state);
  }
}

function sameOrder(a: readonly SearchResult[], b: readonly SearchResult[]): boolean {
  return a.length === b.length && a.every(({ id }, place) => id === b[place]!.id);
}
