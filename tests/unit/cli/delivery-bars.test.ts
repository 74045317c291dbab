/** What a published index weighs, and what a question reads of it: the bars of GNOME Help. Vectors are made up, which makes lexical lists longer, not shorter. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { SiteService } from "#worker/site-service.ts";
import { bgeM3Web, summingSession, temporaryFolder } from "./fake-surroundings.ts";

const CORPUS = path.resolve(import.meta.dirname, "../../../corpus/gnome-help");
const LANGUAGES = ["de", "el", "en", "es", "fa", "fr", "ja", "ko", "pt-BR", "ru", "zh-CN"];

/** Indexes pages of GNOME Help, and searches them over HTTP as a worker does. */
async function publish(languages: readonly string[], pagesOfEach: number, charactersOfEach = Number.POSITIVE_INFINITY) {
  const folder = await temporaryFolder();
  const lines: string[] = [];
  for (const language of languages) {
    const pages = (await readFile(path.join(CORPUS, `${language}.jsonl`), "utf8")).trim().split("\n").slice(0, pagesOfEach);
    for (const { id, lang, title, description, body } of pages.map((line) => JSON.parse(line)))
      lines.push(JSON.stringify({ url: `${lang}/${id}.html`, lang, title, description, text: body.slice(0, charactersOfEach) }));
  }
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "pages.jsonl"), lines.join("\n"));
  expect(await bgeM3Web(["index", path.join(folder, "pages.jsonl"), "--out", path.join(folder, "search"), "--quiet"])).toMatchObject({ code: 0, stderr: "" });

  const model = await openFileModel(defaultModelFolder());
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const encoder = new M3Encoder({ manifest, tokenizer, session: summingSession(model), embeddings: new EmbeddingTable(manifest, model.tensors) });
  const read = new Map<string, number>();
  const requests: string[] = [];
  const sites = new SiteService(async (url, init) => {
    const bytes = await readFile(path.join(folder, url.pathname));
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("range") ?? "") ?? [];
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    const name = url.pathname.slice("/search/".length);
    read.set(name, (read.get(name) ?? 0) + part.length);
    requests.push(name);
    return new Response(part, { status: from === undefined ? 200 : 206 });
  });
  const { languages: published } = JSON.parse(await readFile(path.join(folder, "search/index.json"), "utf8"));
  return {
    published: published as Record<string, { folder: string; blobs: Record<string, number> }>,
    /** Files that were asked for since the last question, one for each request. */
    asked: () => requests.splice(0),
    /** Bytes of each file that a question reads. */
    async ask(question: string, asked?: readonly string[]) {
      read.clear();
      const { hits } = await sites.search("https://site/search/", question, { languages: asked, explain: true }, manifest, { encoder });
      expect(hits).toHaveLength(10);
      return new Map(read);
    },
  };
}

const total = (bytes: Iterable<readonly [string, number]>, wanted: RegExp) => [...bytes].reduce((sum, [name, size]) => sum + (wanted.test(name) ? size : 0), 0);
const TOKENS = /\.tokens$/;
const NO_TOKENS = /\.(?!tokens$)\w+$|meta$/;

it("keeps GNOME Help in English within 1.2 MB, and 5 MB of token vectors, of which a question reads at most 200 kB", async () => {
  const { published, ask } = await publish(["en"], Number.POSITIVE_INFINITY);
  const blobs = Object.entries(published.en!.blobs);
  expect(total(blobs, NO_TOKENS) + total(blobs, TOKENS)).toBe(total(blobs, /./));
  expect(total(blobs, NO_TOKENS)).toBeGreaterThan(500e3);
  expect(total(blobs, NO_TOKENS)).toBeLessThan(1.2e6);
  expect(total(blobs, TOKENS)).toBeGreaterThan(1e6);
  expect(total(blobs, TOKENS)).toBeLessThan(5e6);
  for (const question of [
    "How do I print on both sides?",
    "the volume of the loudspeaker",
    "x",
    "my screen is too dark and I would like to make it brighter ".repeat(8),
  ]) {
    const read = await ask(question);
    expect(total(read, TOKENS)).toBeGreaterThan(0);
    expect(total(read, TOKENS)).toBeLessThan(200e3);
  }
}, 120_000);

it("asks for each file of a small index once: for its first question all of it, for the next nothing", async () => {
  const { published, ask, asked } = await publish(["en"], 10, 400);
  const { folder, blobs } = published.en!;
  expect(Math.max(...Object.values(blobs))).toBeLessThan(64 << 10);
  await ask("How do I print on both sides?");
  expect(asked().toSorted()).toEqual(["index.json", ...Object.keys(blobs).map((name) => folder + name)].toSorted());
  await ask("How do I print on both sides?");
  await ask("the volume of the loudspeaker");
  expect(asked()).toEqual([]);
}, 120_000);

it("asks for no text of a hit twice, and for no token vector, of a larger index", async () => {
  const { ask, asked } = await publish(["en"], Number.POSITIVE_INFINITY);
  const ofHits = () => asked().filter((name) => /\.(documents|tokens)$/.test(name));
  await ask("How do I print on both sides?");
  expect(ofHits().length).toBeGreaterThan(2);
  await ask("How do I print on both sides?");
  expect(ofHits()).toEqual([]);
}, 120_000);

it("reads of an index in 11 languages only those that are asked", async () => {
  const { published, ask } = await publish(LANGUAGES, 12);
  expect(Object.keys(published).toSorted()).toEqual(LANGUAGES.toSorted());
  const foldersOf = (read: ReadonlyMap<string, number>) => [...new Set([...read.keys()].map((name) => name.split("/")[0]!))].toSorted();
  const folder = (language: string) => published[language]!.folder.slice(0, -1);
  expect(foldersOf(await ask("How do I print on both sides?", ["ko"]))).toEqual(["index.json", folder("ko")]);
  // What was read is kept: an index of this size whole.
  expect(foldersOf(await ask("How do I print on both sides?", ["de", "ko"]))).toEqual([folder("de")]);
  const others = LANGUAGES.filter((language) => language !== "de" && language !== "ko");
  expect(foldersOf(await ask("How do I print on both sides?"))).toEqual(others.map(folder).toSorted());
}, 120_000);
