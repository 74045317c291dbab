/**
 * Search of a static site: by words at once, by meaning when the model is there. Two workers, one after the other: the first knows the vocabulary alone and ends
 * when the second has the model.
 */
import * as Comlink from "comlink";
import { abortable } from "#core/abort.ts";
import { carryErrors } from "#core/comlink-errors.ts";
import { DisposedError, M3Error, WorkerLostError } from "#core/errors.ts";
import type { PublishedAnswer, PublishedHit, PublishedResult, WordsApi, WordsRequest } from "#worker/protocol.ts";
import { pageUrl } from "./options.ts";
import { checkSiteSearchOptions, folderUrl, type SiteSearchOptions } from "./site-inputs.ts";
import { type MarkedText, markTitle, snippetOf } from "./snippet.ts";
import { spawnWorker } from "./spawn.ts";
import { WorkerLink } from "./worker-link.ts";

carryErrors(Comlink.transferHandlers);

/** What is known of the model. `declined`: this device had better not load it, unless its reader asks for it. */
export type SiteModelState =
  | { readonly kind: "waiting" | "declined" | "ready" }
  | { readonly kind: "loading"; readonly loaded: number; readonly total: number }
  | { readonly kind: "failed"; readonly message: string };

/** A section that was found. */
export interface SiteResult {
  readonly id: string;
  /** Absolute. */
  readonly url: string;
  readonly title: MarkedText;
  readonly snippet: MarkedText;
  /** BCP 47 tag; undefined where the page does not tell. */
  readonly lang: string | undefined;
  /** Everything that is known of the hit. */
  readonly hit: PublishedHit;
}

/** An answer. `words`: found by the words of the question (BM25). `meaning`: ranked by the model. */
export interface SitePage {
  readonly stage: "words" | "meaning";
  /** Best first. */
  readonly results: readonly SiteResult[];
}

const DEFAULT_LIMIT = 10;
const ABORT_GRACE_MS = 20_000;
/** Gigabytes, as `navigator.deviceMemory` rounds them. */
const LITTLE_MEMORY = 2;
const UNKNOWN_LANGUAGE = "und";

/** Searches an index that `bge-m3-web index` made. Dispatches "modelchange" when the state of the model changes. */
export class SiteSearch extends EventTarget {
  readonly #index: URL;
  readonly #site: URL;
  readonly #options: SiteSearchOptions;
  readonly #request: WordsRequest;
  readonly #ended = new AbortController();
  #state: SiteModelState = { kind: "waiting" };
  #words: { readonly worker: Worker; readonly api: Comlink.Remote<WordsApi>; readonly lost: Promise<never> } | undefined;
  #link: Promise<WorkerLink> | undefined;

  /**
   * Nothing is read before the first question, unless `load` is "now".
   * @param index URL of the folder with index.json
   * @throws InvalidInputError
   */
  constructor(index: string | URL, options: SiteSearchOptions = {}) {
    super();
    checkSiteSearchOptions(options);
    this.#index = folderUrl(index, "index");
    this.#site = options.siteUrl === undefined ? new URL("..", this.#index) : folderUrl(options.siteUrl, "options.siteUrl");
    this.#options = options;
    const baseUrl = new URL(options.baseUrl ?? ".", pageUrl() ?? this.#site).href;
    this.#request = { url: this.#index.href, model: options.model ?? "m3-mini", baseUrl };
    if (options.load === "now") this.loadModel();
  }

  get model(): SiteModelState {
    return this.#state;
  }

  /** Loads the model, also where it was declined or has failed. Does nothing when it is there or on its way. */
  loadModel(): void {
    if (this.#link || this.#ended.signal.aborted) return;
    this.#become({ kind: "loading", loaded: 0, total: 0 });
    const link = this.#load();
    this.#link = link;
    link.then(
      () => {
        this.#endWords();
        this.#become({ kind: "ready" });
      },
      (error) => {
        if (this.#ended.signal.aborted) return;
        this.#link = undefined;
        this.#become({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
      },
    );
  }

  /**
   * The best sections for a question: at once by words, and once more by meaning when the model is loading. Ends without an error when `signal` aborts.
   * @throws UnreachableFileError, CorruptIndexError, NewerIndexError, IndexMismatchError; MissingShardError for the vocabulary; WorkerLostError; DisposedError
   */
  async *search(query: string, options: { readonly limit?: number | undefined; readonly signal?: AbortSignal | undefined } = {}): AsyncGenerator<SitePage> {
    const { limit = DEFAULT_LIMIT, signal } = options;
    const ends = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
    try {
      if (this.#state.kind === "waiting") this.#loadUnlessDeclined();
      // The model may be there first: then the worker that knows the words is gone, and nobody needs its answer.
      const byWords = this.#state.kind === "ready" ? undefined : await abortable(Promise.race([this.#askWords(query, limit), this.#modelIsThere()]), ends);
      if (byWords) yield this.#page("words", query, byWords);
      if (!this.#link) return;
      // When it fails, what was found by words is the best that can be had.
      const link = await abortable(
        this.#link.catch(() => undefined),
        ends,
      );
      if (link) yield* this.#byMeaning(link, query, { limit, signal: ends, hasWords: byWords !== undefined });
    } catch (error) {
      if (signal?.aborted) return;
      throw error;
    }
  }

  /** Ends the workers. Searches under way reject with a DisposedError. May be called twice. */
  dispose(): void {
    this.#ended.abort(new DisposedError("search"));
    this.#endWords();
    void this.#link?.then((link) => link.dispose()).catch(() => {});
  }

  #become(state: SiteModelState): void {
    if (this.#ended.signal.aborted) return;
    this.#state = state;
    this.dispatchEvent(new Event("modelchange"));
  }

  #loadUnlessDeclined(): void {
    if ((this.#options.load ?? "auto") !== "auto") return;
    const { connection, deviceMemory } = (globalThis.navigator ?? {}) as { connection?: { saveData?: boolean }; deviceMemory?: number };
    if (connection?.saveData || (deviceMemory ?? Number.POSITIVE_INFINITY) <= LITTLE_MEMORY) this.#become({ kind: "declined" });
    else this.loadModel();
  }

  /** Never settles when the model is not on its way, or fails. */
  #modelIsThere(): Promise<undefined> {
    return new Promise((resolve) => void this.#link?.then(() => resolve(undefined)).catch(() => {}));
  }

  async #load(): Promise<WorkerLink> {
    const { device = "auto", threads, storage = "auto", prefetch = "hot" } = this.#options;
    const { model, baseUrl, url } = this.#request;
    const link = await WorkerLink.open({
      spawn: () => this.#spawn(),
      request: { model, baseUrl, device, threads, storage, prefetch },
      signal: this.#ended.signal,
      onProgress: ({ phase, loaded, total }) => phase === "download" && this.#become({ kind: "loading", loaded, total }),
      abortGraceMs: ABORT_GRACE_MS,
    });
    try {
      // An index of another model is told now, not at every question.
      await link.call<PublishedAnswer>("query", async (worker, call) => await worker.site(call, url, { kind: "open" }));
      return link;
    } catch (error) {
      link.dispose();
      throw error;
    }
  }

  /** Where there is no network, pieces of model or index may be missing that the question needs: then what its words find is the best that can be had. */
  async *#byMeaning(link: WorkerLink, query: string, options: { limit: number; signal: AbortSignal; hasWords: boolean }): AsyncGenerator<SitePage> {
    const { limit, signal, hasWords } = options;
    try {
      yield this.#page("meaning", query, await this.#ask(link, query, { limit, signal }));
    } catch (error) {
      if (!(error instanceof M3Error && error.fields.transient === true)) throw error;
      if (hasWords) return;
      const words = await this.#ask(link, query, { limit, signal, wordsOnly: true }).catch(() => Promise.reject(error));
      yield this.#page("words", query, words);
    }
  }

  async #ask(link: WorkerLink, query: string, wanted: { limit: number; signal: AbortSignal; wordsOnly?: boolean }): Promise<PublishedResult> {
    const { limit, signal, wordsOnly } = wanted;
    const options = { limit, languages: this.#options.languages, explain: true, wordsOnly };
    const operation = { kind: "search", query, options } as const;
    return (await link.call<PublishedAnswer>("query", async (worker, call) => await worker.site(call, this.#request.url, operation), {
      signal,
    })) as PublishedResult;
  }

  async #askWords(query: string, limit: number): Promise<PublishedResult> {
    this.#words ??= this.#startWords();
    const { api, lost } = this.#words;
    return await Promise.race([api.searchWords(this.#request, query, { limit, languages: this.#options.languages, explain: true }), lost]);
  }

  #startWords() {
    const worker = this.#spawn();
    const lost = new Promise<never>((_, reject) => {
      worker.addEventListener("error", (event) => {
        this.#endWords();
        reject(new WorkerLostError(event.message ? `${event.message}.` : "its script could not be loaded."));
      });
    });
    // Whoever asks meets it.
    lost.catch(() => {});
    return { worker, api: Comlink.wrap<WordsApi>(worker), lost };
  }

  #endWords(): void {
    this.#words?.worker.terminate();
    this.#words = undefined;
  }

  #spawn(): Worker {
    const { worker, assetsUrl } = this.#options;
    return worker?.() ?? spawnWorker(assetsUrl === undefined ? undefined : new URL(assetsUrl, pageUrl()).href);
  }

  #page(stage: SitePage["stage"], query: string, { hits }: PublishedResult): SitePage {
    const results = hits.map(
      (hit): SiteResult => ({
        id: `${hit.language} ${hit.id}`,
        url: new URL(hit.url ?? hit.id, this.#site).href,
        title: markTitle(hit, query),
        snippet: snippetOf(hit, query),
        lang: hit.language === UNKNOWN_LANGUAGE ? undefined : hit.language,
        hit,
      }),
    );
    return { stage, results };
  }
}
