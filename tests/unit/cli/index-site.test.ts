import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { bgeM3Web, temporaryFolder } from "./fake-surroundings.ts";

const page = (lang: string, title: string, body: string) =>
  `<!doctype html><html lang="${lang}"><body><nav>Menu</nav><main><h1>${title}</h1>${body}</main></body></html>`;

async function site() {
  const root = await temporaryFolder();
  const folder = path.join(root, "dist");
  await mkdir(path.join(folder, "ko"), { recursive: true });
  await writeFile(
    path.join(folder, "print.html"),
    page("en", "Printing", "<p>How to print a page.</p><h2 id='paper'>Paper</h2><p>Choose the size of the paper.</p>"),
  );
  await writeFile(path.join(folder, "sound.html"), page("en", "Sound", "<p>Change the volume of the loudspeaker.</p>"));
  await writeFile(path.join(folder, "ko", "print.html"), page("ko", "인쇄", "<p>문서를 인쇄하는 방법.</p>"));
  return { folder, out: path.join(root, "search") };
}

const list = async (out: string) => JSON.parse(await readFile(path.join(out, "index.json"), "utf8"));
const build = async (folder: string, out: string, ...more: string[]) => {
  const { code, stdout, stderr } = await bgeM3Web(["index", folder, "--out", out, "--json", ...more]);
  return { code, stderr, done: stdout === "" ? null : JSON.parse(stdout) };
};

describe("bge-m3-web index", () => {
  it("makes an index a language, and encodes again only what has changed", async () => {
    const { folder, out } = await site();
    const first = await build(folder, out);
    expect(first).toMatchObject({ code: 0, stderr: "", done: { model: "m3-mini", pages: 3, skipped: 0 } });
    expect(first.done.languages).toMatchObject({
      en: { documents: 3, passages: 3, changes: { encoded: 3, unchanged: 0, removed: 0 } },
      ko: { documents: 1, changes: { encoded: 1 } },
    });
    const { languages } = await list(out);
    expect((await readdir(out)).sort()).toEqual([languages.en.folder.slice(0, -1), "index.json", languages.ko.folder.slice(0, -1)].sort());
    expect(Object.keys(languages.en.blobs).sort()).toEqual((await readdir(path.join(out, languages.en.folder))).sort());

    const again = await build(folder, out);
    expect(again.done.languages.en.changes).toEqual({ encoded: 0, unchanged: 3, removed: 0 });
    expect(await list(out)).toEqual({ ...(await list(out)), languages });

    await writeFile(path.join(folder, "sound.html"), page("en", "Sound", "<p>Turn the volume down.</p>"));
    await rm(path.join(folder, "print.html"));
    const changed = await build(folder, out);
    expect(changed.done.languages.en).toMatchObject({ documents: 1, changes: { encoded: 1, unchanged: 0, removed: 2 } });
    const after = await list(out);
    expect(after.languages.ko).toEqual(languages.ko);
    expect(after.languages.en.folder).not.toBe(languages.en.folder);
    expect(Object.keys(after.languages.en.blobs).filter((name) => name.endsWith(".documents"))).toHaveLength(1);
    expect(await readdir(out)).toHaveLength(3);
  });

  it("gives the same bytes for the same site", async () => {
    const { folder, out } = await site();
    await build(folder, out);
    await build(folder, `${out}-2`);
    expect(await list(`${out}-2`)).toEqual(await list(out));
  });

  it("does not run the model for what has not changed, and says how long the rest takes", async () => {
    const { folder, out } = await site();
    for (let place = 0; place < 12; place++)
      await writeFile(path.join(folder, `page-${place}.html`), page("en", `Page ${place}`, `<p>${"Some words. ".repeat(400)}</p>`));
    const first = await bgeM3Web(["index", folder, "--out", out], { isTTY: true });
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/index {2}[█░]+ {2}\d+ % {2}\d+ of \d+ tokens {2}en {2}\d+ s left/);
    const notAgain = () => {
      throw new Error("The model was run again.");
    };
    const again = await bgeM3Web(["index", folder, "--out", out, "--json"], { beforeRun: notAgain });
    expect(again).toMatchObject({ code: 0, stderr: "" });
    await writeFile(path.join(folder, "page-3.html"), page("en", "Page 3", "<p>Other words.</p>"));
    const { stderr } = await bgeM3Web(["index", folder, "--out", out, "--json"], { beforeRun: notAgain });
    expect(stderr).toContain("The model was run again.");
  });

  it("reads Markdown and JSON Lines beside HTML", async () => {
    const { folder, out } = await site();
    await writeFile(path.join(folder, "mouse.md"), "---\ndescription: Pointing.\nlang: en\n---\n\n# The mouse\n\nMove it.\n\n## Click twice\n\nQuickly.\n");
    await writeFile(path.join(folder, "more.jsonl"), `${JSON.stringify({ url: "more/clock", lang: "en", title: "Clock", text: "Set the time." })}\n{"broken\n`);
    const { done, stderr } = await build(folder, out);
    expect(done).toMatchObject({ pages: 5, skipped: 1, languages: { en: { documents: 6 } } });
    expect(stderr).toMatch(/^more\.jsonl, line 2 was passed over: /);
    const { lines } = await bgeM3Web(["search", out, "Click twice Quickly", "--lang", "en", "--json"]);
    expect(lines[0]).toMatchObject({ url: "mouse.html#click-twice", title: "The mouse › Click twice", passage: { text: "Quickly." } });
    expect(lines.map(({ url }) => url)).toContain("more/clock");
  });

  it("weighs sections as their pages say", async () => {
    const { folder, out } = await site();
    const ask = async () => (await bgeM3Web(["search", out, "Change the volume", "--lang", "en", "--json"])).lines.map(({ url }) => url);
    await build(folder, out);
    expect((await ask())[0]).toBe("sound.html");
    expect((await list(out)).languages.en.weighted).toBeUndefined();
    await writeFile(path.join(folder, "sound.html"), page("en", "Sound", "<p data-m3-weight='0'>Change the volume of the loudspeaker.</p>"));
    await build(folder, out);
    expect((await list(out)).languages.en.weighted).toBe(true);
    expect((await ask()).slice(-2)).toContain("sound.html");
  });

  it.each([
    ["markup", '</title><script>alert(1)</script><img src=x onerror="alert(1)">'],
    ["an override of direction", "invoice\u202Egpj.exe\u2066\u0000"],
    ["a line of a million characters", "x".repeat(1_000_000)],
  ])("takes %s for text in every field, and gives it back", async (_, hostile) => {
    const folder = await temporaryFolder();
    const escaped = hostile.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    const head = `<title>${escaped}</title><meta name="description" content="${escaped}"><meta name="m3:kind" content="${escaped}"><meta name="m3:${escaped}" content="x">`;
    await writeFile(
      path.join(folder, "a.html"),
      `<html lang="${escaped}"><head>${head}</head><main><h1>${escaped}</h1><h2 id="${escaped}">${escaped}</h2><p>${escaped} lamp</p></main>`,
    );
    const record = {
      url: `b?${encodeURIComponent(hostile.slice(0, 100))}`,
      title: hostile,
      description: hostile,
      text: `${hostile.slice(0, 1000)} lamp`,
      fields: { kind: hostile },
    };
    await writeFile(path.join(folder, "b.jsonl"), JSON.stringify(record));
    await writeFile(path.join(folder, "c.md"), `---\ntitle: ${JSON.stringify(hostile)}\n---\n\n${hostile.slice(0, 1000)}\n\nlamp\n`);
    const out = path.join(folder, "out");
    const { code, stderr, done } = await build(folder, out);
    expect([code, stderr, done?.pages]).toEqual([0, "", 3]);
    const { lines, stdout } = await bgeM3Web(["search", out, "lamp", "--json"]);
    const titles = lines.map(({ title }) => title.split(" › ")[0]);
    // HTML knows no character of number 0 and has another for it; what is too long for a title is cut.
    const shown = hostile.length > 300 ? `${hostile.slice(0, 299)}…` : hostile.replace("\u0000", "");
    expect(new Set(titles.map((title) => title.replaceAll("\u0000", "").replaceAll("\uFFFD", "")))).toEqual(new Set([shown]));
    expect(lines.map(({ url }) => url.slice(0, 1)).toSorted()).toEqual(expect.arrayContaining(["a", "b", "c"]));
    expect(stdout.split("\n")).toHaveLength(lines.length + 1);
  });

  it("takes fields of several types for texts, also when one changes, and passes over what no index can hold", async () => {
    const { folder, out } = await site();
    await writeFile(path.join(folder, "a.md"), "---\nlang: en\nsince: 2024\nOld Name!: x\n---\n\nOne lamp.\n");
    const numbers = await build(folder, out);
    expect(numbers).toMatchObject({ code: 0, stderr: "" });
    await writeFile(path.join(folder, "b.md"), "---\nlang: en\nsince: last year\n---\n\nTwo lamps.\n");
    const mixed = await build(folder, out);
    expect(mixed).toMatchObject({ code: 0, stderr: "", done: { languages: { en: { documents: 5 } } } });
    const { lines } = await bgeM3Web(["search", out, "lamp", "--json", "--lang", "en"]);
    const since = lines.filter(({ url }) => /^[ab]\./.test(url)).map(({ fields }) => fields);
    expect(since).toEqual(expect.arrayContaining([{ since: "2024" }, { since: "last year" }]));
    const wrong = [
      { url: "x".repeat(1000), text: "x" },
      { url: "a\u0000", text: "x" },
      { url: "\ud800", text: "x" },
      { url: "u", text: "x", fields: { "a b": 1 } },
    ];
    await writeFile(path.join(folder, "wrong.jsonl"), wrong.map((record) => JSON.stringify(record)).join("\n"));
    const { stderr, done } = await build(folder, out);
    expect(done).toMatchObject({ pages: 5, skipped: 4 });
    expect(stderr.match(/^wrong\.jsonl, line \d was passed over: /gm)).toHaveLength(4);
  });

  it("builds anew with other settings", async () => {
    const { folder, out } = await site();
    await build(folder, out);
    const { done } = await build(folder, out, "--colbert", "none");
    expect(done.languages.en.changes).toEqual({ encoded: 3, unchanged: 0, removed: 0 });
    expect(Object.keys((await list(out)).languages.en.blobs).some((name) => name.endsWith(".tokens"))).toBe(false);
  });

  it("names what it passes over, and fails for it with --strict, when everything else is written", async () => {
    const { folder, out } = await site();
    await writeFile(path.join(folder, "broken.html"), new Uint8Array([0xff, 0xfe, 0xff]));
    const lenient = await build(folder, out);
    expect(lenient).toMatchObject({ code: 0, stderr: "broken.html was passed over: it is not UTF-8. Save it as UTF-8.\n", done: { pages: 3, skipped: 1 } });
    const strict = await build(folder, out, "--strict");
    expect(strict.code).toBe(1);
    expect(strict.stderr).toContain("--strict");
    expect(Object.keys((await list(out)).languages)).toEqual(["en", "ko"]);
  });

  it("leaves the published index as it was when it is interrupted", async () => {
    const { folder, out } = await site();
    await build(folder, out);
    const before = await list(out);
    await writeFile(path.join(folder, "new.html"), page("en", "New", "<p>Something else.</p>"));
    const controller = new AbortController();
    const { code } = await bgeM3Web(["index", folder, "--out", out], { signal: controller.signal, beforeRun: () => controller.abort(new Error("stop")) });
    expect(code).toBe(130);
    expect(await list(out)).toEqual(before);
    expect(await readdir(out)).toHaveLength(3);
  });

  it.each([
    ["a site without pages", async (folder: string) => rm(folder, { recursive: true }).then(() => mkdir(folder)), "at least one page"],
    ["a source that is not there", async (folder: string) => rm(folder, { recursive: true }), "SOURCE must be"],
  ])("refuses %s", async (_, change, message) => {
    const { folder, out } = await site();
    await change(folder);
    const { code, stderr } = await build(folder, out);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(await readdir(out).catch(() => [])).toEqual([]);
  });

  it("refuses a published index that is damaged, and leaves it", async () => {
    const { folder, out } = await site();
    await mkdir(out);
    await writeFile(path.join(out, "index.json"), "{}");
    const { code, stderr } = await build(folder, out);
    expect([code, stderr]).toEqual([1, expect.stringContaining("it is not a site index")]);
    expect(await readdir(out)).toEqual(["index.json"]);
    expect((await build(folder, out, "--lang", "no tag")).stderr).toContain("--lang must be");
  });
});

describe("bge-m3-web search", () => {
  it("finds sections of all languages, or of some", async () => {
    const { folder, out } = await site();
    await build(folder, out);
    const { lines } = await bgeM3Web(["search", out, "the volume of the loudspeaker", "--json", "--explain"]);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({ url: "sound.html", lang: "en", title: "Sound", passage: { text: "Change the volume of the loudspeaker." } });
    expect(lines[0].explanation.terms.length).toBeGreaterThan(0);
    const korean = await bgeM3Web(["search", out, "인쇄", "--lang", "ko"]);
    expect(korean.stdout).toMatch(/^\d\.\d{3} {2}인쇄 {2}\[ko\] {2}ko\/print\.html\n/);
    expect((await bgeM3Web(["search", out, "x", "--lang", "fr"])).stderr).toContain("of the index's languages (en, ko)");
    expect((await bgeM3Web(["search", folder, "x"])).stderr).toContain("a folder that `bge-m3-web index` wrote");
  });
});
