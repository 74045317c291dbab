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
