/** The indexes of all sides, of the same site. */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Writable } from "node:stream";
import { create, insertMultiple, save } from "@orama/orama";
import MiniSearch from "minisearch";
import * as pagefind from "pagefind";
import { runCommandLine } from "#cli/command-line/run.ts";
import { openNodeSession } from "#cli/node-session.ts";
import { type HelpPage, type HelpSite, htmlOf, readPages, writeSite } from "./corpus.ts";

/** Runs `bge-m3-web index`: what has not changed since the last run of the bench is not encoded again. */
export async function indexOurs(folder: string, site: HelpSite): Promise<string> {
  const pages = path.join(folder, "pages");
  writeSite(pages, site);
  const out = path.join(folder, "ours");
  let told = "";
  const collect = new Writable({
    write(chunk, _, done) {
      told += chunk;
      done();
    },
  });
  const surroundings = {
    stdin: process.stdin,
    stdout: collect,
    stderr: process.stderr,
    signal: new AbortController().signal,
    debug: true,
    openSession: openNodeSession,
  };
  const code = await runCommandLine(["index", pages, "--out", out, "--json"], surroundings);
  if (code !== 0) throw new Error(`The site could not be indexed: ${told}`);
  return out;
}

/** One index of all languages, as `pagefind --site` makes it of the pages. */
export async function indexPagefind(folder: string, { languages, withTitles }: HelpSite): Promise<string> {
  const out = path.join(folder, "pagefind");
  rmSync(out, { recursive: true, force: true });
  const { index, errors } = await pagefind.createIndex({});
  if (!index) throw new Error(errors.join("\n"));
  for (const language of languages) {
    for (const page of readPages(language)) {
      const added = await index.addHTMLFile({ sourcePath: `${language}/${page.id}.html`, content: htmlOf(page, withTitles) });
      if (added.errors.length > 0) throw new Error(added.errors.join("\n"));
    }
  }
  await index.writeFiles({ outputPath: path.resolve(out) });
  await pagefind.close();
  return out;
}

/** One file of JSON a language, of MiniSearch and of Orama. */
export async function indexJson(folder: string, { languages, withTitles }: HelpSite): Promise<string> {
  const out = path.join(folder, "json");
  mkdirSync(out, { recursive: true });
  for (const language of languages) {
    const documents = readPages(language).map((page) => documentOf(page, withTitles));
    writeFileSync(path.join(out, `minisearch-${language}.json`), JSON.stringify(miniSearch(documents)));
    writeFileSync(path.join(out, `orama-${language}.json`), JSON.stringify(save(await orama(documents, language))));
  }
  return out;
}

export function documentOf({ id, title, description, body }: HelpPage, withTitles: boolean) {
  return { id, title: withTitles ? title : "", text: withTitles ? `${description}\n${body}` : body };
}

type Documents = readonly ReturnType<typeof documentOf>[];

export function miniSearch(documents: Documents): MiniSearch {
  const index = new MiniSearch({ fields: ["title", "text"], storeFields: ["title", "text"] });
  index.addAll(documents);
  return index;
}

/** Of the four languages, its tokenizer has two; the others are left with its default, English. */
export async function orama(documents: Documents, language: string) {
  const database = create({ schema: { title: "string", text: "string" }, language: language === "de" ? "german" : "english" });
  await insertMultiple(database, [...documents]);
  return database;
}

/** Bytes of all files below a folder, or of those that are wanted. */
export function bytesBelow(folder: string, wanted: (name: string) => boolean = () => true): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => wanted(path.relative(folder, file)))
    .reduce((sum, file) => sum + statSync(file).size, 0);
}
