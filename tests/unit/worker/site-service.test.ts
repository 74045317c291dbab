/** A published index that changes on its server while a worker has it open. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { defaultModelFolder } from "#cli/default-model.ts";
import { openFileModel } from "#cli/file-model.ts";
import { M3Encoder } from "#encoder/encoder.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { SiteService } from "#worker/site-service.ts";
import { bgeM3Web, summingSession, temporaryFolder } from "../cli/fake-surroundings.ts";

/** A static host that knows ranges. */
function host(folder: string) {
  const asked: string[] = [];
  const fetch = async (url: URL, { headers }: RequestInit = {}) => {
    asked.push(url.pathname.slice(1));
    const bytes = await readFile(path.join(folder, url.pathname)).catch(() => null);
    if (!bytes) return new Response(null, { status: 404 });
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(headers).get("range") ?? "") ?? [];
    return from === undefined ? new Response(bytes) : new Response(bytes.subarray(Number(from), Number(to) + 1), { status: 206 });
  };
  return { asked, fetch };
}

/** Many pages, so that a search does not find everything in memory. */
async function publish(folder: string, word: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const filler = "There is nothing to see on this page but a great many words that stand one after another. ".repeat(12);
  const pages = Array.from({ length: 60 }, (_, place) => ({ url: `page-${place}`, lang: "en", title: `Page ${place}`, text: `${filler} ${word}${place}` }));
  await writeFile(path.join(folder, "pages.jsonl"), pages.map((page) => JSON.stringify(page)).join("\n"));
  const { code, stderr } = await bgeM3Web(["index", path.join(folder, "pages.jsonl"), "--out", path.join(folder, "search"), "--quiet"]);
  expect([code, stderr]).toEqual([0, ""]);
}

it("opens an index again that was published anew, and tells what is missing of one that was not", async () => {
  const folder = await temporaryFolder();
  await publish(folder, "before");
  const model = await openFileModel(defaultModelFolder());
  const { manifest } = model;
  const tokenizer = XlmRobertaTokenizer.fromBytes(await model.readTokenizer());
  const encoder = new M3Encoder({ manifest, tokenizer, session: summingSession(model), embeddings: { gather: () => Promise.reject(new Error("not asked")) } });
  const { asked, fetch } = host(folder);
  const sites = new SiteService(fetch);
  const search = async (query: string) => {
    const { hits } = await sites.search("https://site/search/", query, { wordsOnly: true, limit: 1 }, manifest, { encoder });
    return hits[0]!.id;
  };
  expect(await search("before7")).toBe("page-7");
  await publish(folder, "after");
  expect(await search("after9")).toBe("page-9");
  expect(asked.filter((name) => name === "search/index.json")).toHaveLength(2);

  const { languages } = JSON.parse(await readFile(path.join(folder, "search/index.json"), "utf8"));
  await rm(path.join(folder, "search", languages.en.folder), { recursive: true });
  await expect(search("after11")).rejects.toMatchObject({ code: "unreachable-file", fields: { status: 404 } });
});
