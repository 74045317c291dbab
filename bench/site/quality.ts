/** nDCG@10 of every side on the same questions: pages by their titles and by their descriptions, of which the indexes know nothing. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { search as searchOrama } from "@orama/orama";
import type { Page } from "playwright";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { ndcg } from "#evaluation/ndcg.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { SiteService } from "#worker/site-service.ts";
import { gnomeHelpSets, type HelpSet, type Language } from "../../tools/evaluation/gnome-help-sets.ts";
import { note } from "../harness/bench.ts";
import { documentOf, miniSearch, orama } from "./build-indexes.ts";
import { readPages } from "./corpus.ts";
import { LIMIT, type SiteSide } from "./protocol.ts";

/** Ids of the best pages of one language for a question. */
export type Search = (question: string, language: string) => Promise<readonly string[]>;

/** The sets: each language's own, and Korean questions to English pages. */
export function questionSets(languages: readonly string[]): HelpSet[] {
  const sets = gnomeHelpSets(languages as readonly Language[]);
  return sets.filter(({ group, language }) => group === "same" || language === "ko");
}

/** @returns nDCG@10 of each set, in the order of the sets */
export async function measure(name: string, search: Search, sets: readonly HelpSet[], limit: number): Promise<number[]> {
  const means: number[] = [];
  for (const { group, language, queries, qrels, name: set } of sets) {
    note(`${name}: ${group} ${set}`);
    let sum = 0;
    const asked = [...queries].slice(0, limit);
    for (const [id, question] of asked) sum += ndcg(await search(question, group === "same" ? language : "en"), qrels.get(id)!, LIMIT);
    means.push(sum / asked.length);
  }
  return means;
}

/** The published index, searched by the code that the page's worker runs, with native arithmetic. */
export async function ourSearch(index: string): Promise<{ meaning: Search; words: Search; close(): Promise<void> }> {
  const model = await openFileModel(defaultModelFolder());
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const session = await openNodeSession(model, { precision: "default" });
  const encoder = new M3Encoder({ manifest, tokenizer, session, embeddings: new EmbeddingTable(manifest, model.tensors) });
  const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  const sites = new SiteService(async (url, init) => {
    const bytes = await (files.get(url.pathname) ??
      files
        .set(
          url.pathname,
          readFile(path.join(index, url.pathname)).then((bytes) => new Uint8Array(bytes)),
        )
        .get(url.pathname)!);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("range") ?? "") ?? [];
    return from === undefined ? new Response(bytes) : new Response(bytes.subarray(Number(from), Number(to) + 1), { status: 206 });
  });
  const searchBy =
    (wordsOnly: boolean): Search =>
    async (question, language) => {
      const { hits } = await sites.search("https://site/", question, { languages: [language], limit: LIMIT, wordsOnly }, manifest, { encoder });
      return hits.map(({ id }) => path.basename(id, ".html"));
    };
  return { meaning: searchBy(false), words: searchBy(true), close: () => session.dispose() };
}

export function miniSearchSearch(languages: readonly string[]): Search {
  const indexes = new Map(languages.map((language) => [language, miniSearch(readPages(language).map((page) => documentOf(page, false)))]));
  return async (question, language) =>
    indexes
      .get(language)!
      .search(question)
      .slice(0, LIMIT)
      .map(({ id }) => id as string);
}

export async function oramaSearch(languages: readonly string[]): Promise<Search> {
  const pages = languages.map(
    async (language) =>
      [
        language,
        await orama(
          readPages(language).map((page) => documentOf(page, false)),
          language,
        ),
      ] as const,
  );
  const databases = new Map(await Promise.all(pages));
  return async (question, language) => (await searchOrama(databases.get(language)!, { term: question, limit: LIMIT })).hits.map(({ id }) => id);
}

/** In its page, for Pagefind runs nowhere else. */
export function pagefindSearch(open: (language: string) => Promise<Page>): Search {
  const pages = new Map<string, Promise<Page>>();
  return async (question, language) => {
    const page = await (pages.get(language) ?? pages.set(language, open(language)).get(language)!);
    return await page.evaluate(async (text) => (await (globalThis as unknown as { bench: SiteSide }).bench.ask(text, "words")).ids, question);
  };
}
