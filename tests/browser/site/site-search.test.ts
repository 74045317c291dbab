/** A published index searched in Chromium, over HTTP: by words, then by meaning. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { userEvent } from "vitest/browser";
import type { SiteSearchOptions } from "#client/site-inputs.ts";
import { type SitePage, SiteSearch } from "#client/site-search.ts";
import { M3SiteSearchElement } from "#element/site-element.ts";

const INDEX = "/published-site/search/";
const open: SiteSearch[] = [];

function siteSearch(options: SiteSearchOptions = {}, index = INDEX): SiteSearch {
  const search = new SiteSearch(index, { device: "wasm", threads: 1, baseUrl: "/", prefetch: "none", ...options });
  open.push(search);
  return search;
}

afterEach(() => {
  for (const search of open.splice(0)) search.dispose();
  vi.restoreAllMocks();
});

async function pagesOf(pages: AsyncIterable<SitePage>): Promise<SitePage[]> {
  const all: SitePage[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const paths = (page: SitePage) => page.results.map(({ url }) => new URL(url).pathname.replace("/published-site/", ""));

describe("SiteSearch", () => {
  it("answers by words at once, and by meaning when the model is there", async () => {
    const search = siteSearch({ load: "asked" });
    const states: string[] = [];
    search.addEventListener("modelchange", () => states.push(search.model.kind));
    const answers = search.search("turn the volume of the speakers down");
    const words = (await answers.next()).value as SitePage;
    expect(words.stage).toBe("words");
    expect(paths(words)[0]).toBe("en/sound-volume.html");
    search.loadModel();
    const [meaning, ...more] = await pagesOf(answers);
    expect(more).toEqual([]);
    expect(meaning!.stage).toBe("meaning");
    expect(paths(meaning!)[0]).toBe("en/sound-volume.html");
    const [{ snippet, lang, hit }] = meaning!.results as [SitePage["results"][number]];
    expect(lang).toBe("en");
    expect(hit.parts.dense).toBeGreaterThan(0.5);
    expect(snippet.marks.map(([start, end]) => snippet.text.slice(start, end).toLowerCase())).toContain("volume");
    expect([states[0], states.at(-1)]).toEqual(["loading", "ready"]);
    const again = await pagesOf(search.search("양면 인쇄", { limit: 3 }));
    expect(again.map(({ stage }) => stage)).toEqual(["meaning"]);
    expect(again[0]!.results).toHaveLength(3);
    expect(paths(again[0]!)[0]).toBe("ko/printing-2sided.html");
  });

  it("gives the answer by meaning, whichever worker is ready first", async () => {
    const search = siteSearch({ load: "now" });
    const stages = (await pagesOf(search.search("volume"))).map(({ stage }) => stage);
    expect(stages.at(-1)).toBe("meaning");
    expect(stages.filter((stage) => stage === "meaning")).toHaveLength(1);
  });

  it("reads the vocabulary alone until the model is asked for, and stays with words", async () => {
    const search = siteSearch({ load: "asked", languages: ["ko"] });
    const [page, ...more] = await pagesOf(search.search("음량"));
    expect(more).toEqual([]);
    expect(page!.stage).toBe("words");
    expect(paths(page!)[0]).toBe("ko/sound-volume.html");
    expect(new Set(page!.results.map(({ lang }) => lang))).toEqual(new Set(["ko"]));
    expect(search.model).toEqual({ kind: "waiting" });
  });

  it("does not load the model where the reader saves data, unless asked", async () => {
    vi.stubGlobal("navigator", { connection: { saveData: true } });
    const search = siteSearch();
    const pages = await pagesOf(search.search("rename a file"));
    vi.unstubAllGlobals();
    expect(pages.map(({ stage }) => stage)).toEqual(["words"]);
    expect(search.model).toEqual({ kind: "declined" });
    search.loadModel();
    expect(search.model.kind).toBe("loading");
    expect((await pagesOf(search.search("rename a file"))).at(-1)!.stage).toBe("meaning");
  });

  it("does not load the model where there is little memory", async () => {
    vi.stubGlobal("navigator", { deviceMemory: 2 });
    const search = siteSearch();
    const pages = await pagesOf(search.search("rename a file"));
    vi.unstubAllGlobals();
    expect(pages.map(({ stage }) => stage)).toEqual(["words"]);
    expect(search.model).toEqual({ kind: "declined" });
  });

  it("stops without an error when it is no longer asked, and with one when it is disposed of", async () => {
    const search = siteSearch({ load: "asked" });
    expect(await pagesOf(search.search("x", { signal: AbortSignal.abort() }))).toEqual([]);
    const pending = pagesOf(search.search("sound"));
    search.dispose();
    await expect(pending).rejects.toMatchObject({ code: "disposed" });
  });

  it("says what is wrong with an index that is not there, or is none", async () => {
    await expect(pagesOf(siteSearch({ load: "asked" }, "/models/m3-mini/").search("x"))).rejects.toMatchObject({
      code: expect.stringMatching(/unreachable-file|corrupt-index/),
    });
    const search = siteSearch({}, "/models/m3-mini/");
    search.loadModel();
    await vi.waitFor(() => expect(search.model.kind).toBe("failed"), 30_000);
    expect(() => new SiteSearch("http://[")).toThrow(/index must be the URL of a folder/);
    expect(() => new SiteSearch(INDEX, { load: "later" as "now" })).toThrow(/options\.load/);
  });
});

describe("<m3-search src>", () => {
  beforeEach(() => {
    if (!customElements.get("m3-site-search")) customElements.define("m3-site-search", M3SiteSearchElement);
  });

  it("needs no code", async () => {
    document.body.innerHTML = `<m3-site-search src="${INDEX}" base="/" load="asked" languages="en ko" lang="en"></m3-site-search>`;
    const element = document.querySelector<M3SiteSearchElement>("m3-site-search")!;
    await element.updateComplete;
    await userEvent.fill(element.shadowRoot!.querySelector("input")!, "screen brightness");
    const first = await vi.waitFor(() => {
      const option = element.shadowRoot!.querySelector<HTMLAnchorElement>('[role="option"]');
      expect(option).not.toBeNull();
      return option!;
    }, 30_000);
    expect(new URL(first.href).pathname).toBe("/published-site/en/display-brightness.html");
    expect(first.querySelectorAll("mark").length).toBeGreaterThan(0);
    element.remove();
    document.body.append(element);
    expect(element.source).toBeDefined();
    document.body.replaceChildren();
  });
});
