/** The GNOME Help evaluation sets: every language's pages asked by their titles and by their descriptions, in the same language and across to English. */
import { readFileSync } from "node:fs";
import type { Dataset } from "#evaluation/datasets/dataset.ts";

export const LANGUAGES = ["de", "el", "en", "es", "fa", "fr", "ja", "ko", "pt-BR", "ru", "zh-CN"] as const;
export const QUERY_KINDS = ["title", "description"] as const;

export type Language = (typeof LANGUAGES)[number];

export interface HelpSet extends Dataset {
  readonly group: "same" | "to-english";
  readonly language: Language;
  readonly kind: (typeof QUERY_KINDS)[number];
  /** "de-title" */
  readonly name: string;
}

interface Page {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
}

/** @param languages of the queries */
export function gnomeHelpSets(languages: readonly Language[] = LANGUAGES): HelpSet[] {
  return languages.flatMap((language) => [
    ...QUERY_KINDS.map((kind) => makeSet("same", language, kind)),
    ...(language === "en" ? [] : QUERY_KINDS.map((kind) => makeSet("to-english", language, kind))),
  ]);
}

function makeSet(group: HelpSet["group"], language: Language, kind: HelpSet["kind"]): HelpSet {
  const documents = readPages(group === "same" ? language : "en").map(({ id, body }) => ({ id, text: body }));
  const known = new Set(documents.map(({ id }) => id));
  const asking = readPages(language).filter((page) => known.has(page.id) && page[kind].trim() !== "");
  return {
    group,
    language,
    kind,
    name: `${language}-${kind}`,
    documents,
    queries: new Map(asking.map((page) => [page.id, page[kind]])),
    qrels: new Map(asking.map(({ id }) => [id, new Map([[id, 1]])])),
  };
}

function readPages(language: Language): Page[] {
  const lines = readFileSync(new URL(`../../corpus/gnome-help/${language}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  const pages: Page[] = lines.map((line) => JSON.parse(line));
  return pages.sort((a, b) => (a.id < b.id ? -1 : 1));
}
