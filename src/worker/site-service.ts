/**
 * Published indexes that a worker searches: static files that `bge-m3-web index` made. With a model by all signals; without, by words alone, for which the
 * vocabulary is enough.
 */

import { IndexMismatchError, UnreachableFileError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import { noLock } from "#core/writer-lock.ts";
import { HttpStore } from "#storage/http.ts";
import { type LanguageIndex, PUBLISHED_INDEX_FILE, type PublishedIndex, parsePublishedIndex } from "#texts/published-index.ts";
import { type IndexCall, TextIndex } from "#texts/text-index.ts";
import { WEIGHED_HITS, weighHits } from "#texts/weigh-hits.ts";
import type { PublishedAnswer, PublishedHit, PublishedInfo, PublishedOperation, PublishedResult, PublishedSearchOptions } from "./site-protocol.ts";

/** What a published index is read with. */
type Fetch = (url: URL, init?: RequestInit) => Promise<Response>;

const DEFAULT_LIMIT = 10;
/**
 * Passages that ColBERT orders: of each up to 24 kB of token vectors are read (1 bit a number, 384 numbers a token, 512 tokens), and a question should read no more
 * than 200 kB.
 */
const DEFAULT_RERANK = 12;
const WORDS_ALONE = [0, 0, 0, 1] as const;

interface OpenSite {
  readonly published: PublishedIndex;
  readonly folder: URL;
  readonly languages: Map<string, Promise<TextIndex>>;
}

export class SiteService {
  readonly #fetch: Fetch;
  readonly #sites = new Map<string, Promise<OpenSite>>();

  constructor(fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {
    this.#fetch = fetch;
  }

  /** @param url absolute, ending in a slash */
  async run(url: string, operation: PublishedOperation, manifest: Manifest, call: IndexCall): Promise<PublishedAnswer> {
    if (operation.kind === "open") return await this.open(url, manifest);
    return await this.search(url, operation.query, operation.options, manifest, call);
  }

  /** @throws UnreachableFileError; CorruptIndexError; NewerIndexError; IndexMismatchError for an index of another model */
  async open(url: string, manifest: Manifest): Promise<PublishedInfo> {
    const { published } = await this.#site(url);
    const { model, languages } = published;
    if (model.fingerprint !== manifest.fingerprint) throw new IndexMismatchError("model", model.fingerprint, manifest.fingerprint);
    const told = Object.entries(languages).map(([language, { documents, passages, blobs }]) => {
      return [language, { documents, passages, bytes: Object.values(blobs).reduce((sum, bytes) => sum + bytes, 0) }] as const;
    });
    return { model: model.name, languages: Object.fromEntries(told) };
  }

  async search(url: string, query: string, options: PublishedSearchOptions, manifest: Manifest, call: IndexCall): Promise<PublishedResult> {
    const site = await this.#site(url);
    try {
      return await this.#searchSite(site, query, options, manifest, call);
    } catch (error) {
      if (!isGone(error)) throw error;
      // A page may stay open for days: the site was published anew since, and what it was opened with is removed.
      const fresh = await this.#openAgain(url, site);
      if (isSameIndex(fresh, site)) throw error;
      return await this.#searchSite(fresh, query, options, manifest, call);
    }
  }

  async #searchSite(site: OpenSite, query: string, options: PublishedSearchOptions, manifest: Manifest, call: IndexCall): Promise<PublishedResult> {
    const { limit = DEFAULT_LIMIT, languages, wordsOnly = false, ...wanted } = options;
    const asked = languages ?? Object.keys(site.published.languages);
    const weights = wordsOnly ? { weights: WORDS_ALONE } : {};
    const results = await Promise.all(
      asked
        .filter((language) => Object.hasOwn(site.published.languages, language))
        .map(async (language) => {
          const index = await this.#language(site, language, manifest);
          const most = site.published.languages[language]!.weighted ? Math.max(limit, WEIGHED_HITS) : limit;
          const result = await index.search(query, { rerank: Math.max(most, DEFAULT_RERANK), ...wanted, limit: most, ...weights }, call);
          return result.hits.map((hit): PublishedHit => ({ ...hit, language }));
        }),
    );
    return { hits: weighHits(results.flat()).slice(0, limit) };
  }

  #site(url: string): Promise<OpenSite> {
    const known = this.#sites.get(url);
    if (known) return known;
    const opened = this.#openSite(new URL(url));
    this.#sites.set(url, opened);
    // The next call tries again.
    opened.catch(() => this.#sites.delete(url));
    return opened;
  }

  async #openAgain(url: string, before: OpenSite): Promise<OpenSite> {
    const known = await this.#site(url);
    // Another search may have opened it again already.
    if (known !== before) return known;
    this.#sites.delete(url);
    return await this.#site(url);
  }

  async #openSite(folder: URL): Promise<OpenSite> {
    const list = new URL(PUBLISHED_INDEX_FILE, folder);
    let response: Response;
    try {
      response = await this.#fetch(list, { cache: "no-cache" });
    } catch (cause) {
      throw new UnreachableFileError(list.href, "the network failed. Try again when there is a connection.", {}, { cause });
    }
    if (!response.ok) throw new UnreachableFileError(list.href, `the server answered ${response.status}. Publish the folder that bge-m3-web index wrote.`);
    return { published: parsePublishedIndex(await response.text()), folder, languages: new Map() };
  }

  #language(site: OpenSite, language: string, manifest: Manifest): Promise<TextIndex> {
    const known = site.languages.get(language);
    if (known) return known;
    const opened = this.#openLanguage(site.folder, site.published.languages[language]!, manifest);
    site.languages.set(language, opened);
    opened.catch(() => site.languages.delete(language));
    return opened;
  }

  async #openLanguage(site: URL, { folder, blobs, scripts }: LanguageIndex, manifest: Manifest): Promise<TextIndex> {
    const store = new HttpStore(new URL(folder, site), { fetch: this.#fetch, blobs });
    return await TextIndex.open({ name: "site", shape: {} }, { manifest, store, lock: noLock, scripts: new Map(Object.entries(scripts)) });
  }
}

/** The server has the file no more, or another in its place. */
function isGone(error: unknown): boolean {
  if (!(error instanceof UnreachableFileError)) return false;
  const { status, received } = error.fields;
  return status === 404 || status === 410 || status === 416 || received !== undefined;
}

function isSameIndex(a: OpenSite, b: OpenSite): boolean {
  const folders = ({ published }: OpenSite) => Object.values(published.languages).map(({ folder }) => folder);
  return String(folders(a)) === String(folders(b));
}
