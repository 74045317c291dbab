/** Indexes of texts through the public names: m3-mini in a real worker, GNOME Help in the browser's storage. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import english from "../../../corpus/gnome-help/en.jsonl?raw";
import { M3, type M3Index, type ProgressEvent, type TextDocument } from "../../../src/index.ts";

const pages: TextDocument[] = english
  .trim()
  .split("\n")
  .slice(0, 40)
  .map((line) => {
    const { id, title, body } = JSON.parse(line) as Record<"id" | "title" | "body", string>;
    return { id, title, text: body, url: `/en/${id}.html`, fields: { topic: id.split("-")[0]! } };
  });

const options = { baseUrl: "/", device: "wasm", threads: 2 } as const;
const freshName = () => `test-${crypto.randomUUID()}`;

let m3: M3;
beforeAll(async () => {
  m3 = await M3.load("m3-mini", options);
});
afterAll(() => m3?.dispose());

describe("forty pages of help", () => {
  const name = freshName();
  const events: ProgressEvent[] = [];
  let help: M3Index;
  beforeAll(async () => {
    help = await m3.openIndex(name);
    await help.add(pages, { onProgress: (event) => events.push(event) });
  }, 240_000);

  it("are added with progress in documents, tokens and time", () => {
    expect(events.length).toBeGreaterThan(10);
    const committed = events.map(({ documents }) => documents!.committed);
    expect(committed).toEqual(committed.toSorted((a, b) => a - b));
    // The first portion is committed before the last page is encoded.
    expect(new Set(committed).size).toBeGreaterThan(2);
    for (const { phase, unit, loaded, total } of events) expect(phase === "index" && unit === "tokens" && loaded <= total).toBe(true);
    expect(events.at(-1)).toMatchObject({ documents: { committed: 40, total: 40 }, remainingMs: 0 });
  });

  it.each([
    ["How do I make the text on the screen larger?", "a11y-font-size", false],
    ["My hands shake and I press keys several times", "a11y-bouncekeys", false],
    ["braille", "a11y-braille", false],
    ["화면의 글자를 더 크게 하려면 어떻게 합니까?", "a11y-font-size", true],
    ["점자 디스플레이로 화면 읽기", "a11y-braille", true],
    ["중요한 파일을 백업하는 방법", "backup-how", true],
  ])("answer %s", async (question, id, crossLingual) => {
    // A thousandth of the score is between the third and the fourth of the last question: rounding decides.
    const result = await help.search(question, { limit: 5 });
    expect(result.hits.map((hit) => hit.id)).toContain(id);
    expect(result.crossLingual).toBe(crossLingual);
    const hit = result.hits.find((one) => one.id === id)!;
    const page = pages.find((one) => one.id === id)!;
    expect(hit).toMatchObject({ title: page.title, url: page.url, fields: page.fields });
    expect(page.text.slice(hit.passage.start, hit.passage.end)).toBe(hit.passage.text);
  });

  it("are there again after a reload, for the same model only", async () => {
    await help.close();
    await expect(help.search("late")).rejects.toMatchObject({ code: "disposed" });
    const other = await M3.load("m3-mini", options);
    help = await other.openIndex(name);
    expect(await help.info()).toMatchObject({ name, store: "opfs", documents: 40, fields: { topic: "string" } });
    expect((await help.search("braille", { limit: 1 })).hits[0]?.id).toBe("a11y-braille");
    expect(await other.listIndexes()).toContain(name);
    await expect(other.removeIndex(name)).rejects.toMatchObject({ code: "invalid-input", fields: { path: "name" } });
    await help.close();
    await other.removeIndex(name);
    expect(await other.listIndexes()).not.toContain(name);
    await other.dispose();
    await expect(other.openIndex(name)).rejects.toMatchObject({ code: "disposed" });
  });
});

it("an index in memory shares nothing, and keeps nothing", async () => {
  const name = freshName();
  const index = await m3.openIndex(name, { storage: "memory", colbert: "bits", bm25: false });
  await index.add(pages.slice(0, 2));
  await index.update([{ ...pages[0]!, text: "Changed." }]);
  expect((await index.get([pages[0]!.id]))[0]).toEqual({ ...pages[0], text: "Changed." });
  expect(await index.info()).toMatchObject({ store: "memory", documents: 2, bytes: { words: 0 } });
  expect(await index.remove([pages[0]!.id, "nobody"])).toBe(1);
  await index.optimize();
  expect(await m3.listIndexes()).not.toContain(name);
  const same = await m3.openIndex(name, { storage: "memory" });
  expect((await same.info()).documents).toBe(0);
  await Promise.all([index.close(), same.close()]);
});
