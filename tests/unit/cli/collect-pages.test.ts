import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type CollectOptions, collectPages, type SkippedFile } from "#cli/site/collect-pages.ts";
import { temporaryFolder } from "./fake-surroundings.ts";

async function site(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

async function collect(source: string, options: Partial<CollectOptions> = {}) {
  const skipped: SkippedFile[] = [];
  const pages = [];
  for await (const page of collectPages(source, { onSkipped: (one) => skipped.push(one), ...options })) pages.push(page);
  return { pages, skipped, urls: pages.map(({ url }) => url) };
}

const files = {
  "index.html": "<h1>Home</h1>x",
  "guide/index.html": "<h1>Guide</h1>x",
  "guide/é tape.html": "x",
  "notes/README.md": "# Notes\n\nx",
  "notes/b.md": "x",
  "data.jsonl": '{"url":"a","text":"one"}\n\n{"url":"b"}\n{"url":"c","text":"three"}\n',
  "hidden.html": '<meta name="robots" content="noindex">x',
  ".git/a.html": "x",
  "node_modules/p/a.md": "x",
  "style.css": "x",
  "m3/licenses-worker.md": "x",
  "m3/licenses-extract.md": "x",
  "latin1.html": new Uint8Array([0x3c, 0x70, 0x3e, 0xe9]),
};

describe("collectPages", () => {
  it("reads pages in the order of their paths, and names what is broken", async () => {
    const { urls, skipped } = await collect(await site(files));
    expect(urls).toEqual(["a", "c", "guide/index.html", "guide/%C3%A9%20tape.html", "index.html", "notes/index.html", "notes/b.html"]);
    expect(skipped).toEqual([
      { file: "data.jsonl, line 3", reason: expect.stringContaining('"text"') },
      { file: "latin1.html", reason: "it is not UTF-8. Save it as UTF-8." },
    ]);
  });

  it("reads all pages of large folders", async () => {
    const names = Array.from({ length: 200 }, (_, place) => (place % 2 === 0 ? `${place}.html` : `guide/deep/${place}.html`));
    const { urls } = await collect(await site(Object.fromEntries(names.map((name) => [name, "x"]))));
    expect(urls.toSorted()).toEqual(names.toSorted());
  });

  it("can name pages as hosts show them", async () => {
    const { urls } = await collect(await site(files), { urls: "clean" });
    expect(urls).toEqual(["a", "c", "guide/", "guide/%C3%A9%20tape", "./", "notes/", "notes/b"]);
  });

  it("reads a single file, and refuses what is not there", async () => {
    const folder = await site(files);
    expect((await collect(path.join(folder, "data.jsonl"))).urls).toEqual(["a", "c"]);
    await expect(collect(path.join(folder, "nothing"))).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("stops when it is told to", async () => {
    const folder = await site(files);
    await expect(collect(folder, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
