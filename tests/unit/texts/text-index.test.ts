/** Texts in, documents out, with the real m3-mini: what is stored and found, how long texts are split, what explanations point at. */
import { beforeAll, describe, expect, it } from "vitest";
import { MemoryStore } from "#storage/memory.ts";
import type { TextIndex } from "#texts/text-index.ts";
import type { CharacterRange, DocumentRange, TextDocument } from "#texts/types.ts";
import { helpPages, type Opened, openMini } from "./open-text-index.ts";

let mini: Opened;
let help: TextIndex;
const pages = helpPages("en", 16);

beforeAll(async () => {
  mini = await openMini();
  help = await mini.open();
  await help.add(pages, { encoder: mini.encoder, kind: "add", key: "first" });
});

const call = () => ({ encoder: mini.encoder });
const add = (index: TextIndex, documents: readonly TextDocument[], key: string = crypto.randomUUID()) => index.add(documents, { ...call(), kind: "add", key });
const idsOf = async (index: TextIndex, query: string, options = {}) => (await index.search(query, options, call())).hits.map(({ id }) => id);

describe("a text index", () => {
  it("finds the page that answers, in the language of the pages and in another", async () => {
    expect((await idsOf(help, "How do I make the text on the screen larger?"))[0]).toBe("a11y-font-size");
    const { hits, crossLingual, weights } = await help.search("화면의 글자를 크게 하려면?", {}, call());
    expect(hits.slice(0, 3).map(({ id }) => id)).toContain("a11y-font-size");
    expect(crossLingual).toBe(true);
    expect(weights).toMatchObject({ lexical: 0, bm25: 0 });
    expect(await help.search("Turn on sticky keys", {}, call())).toMatchObject({ crossLingual: false, truncated: false });
  });

  it("gives documents back as they were added, and tells what it holds", async () => {
    expect(await help.get(["a11y-mag", "nobody", pages[3]!.id])).toEqual([pages.find(({ id }) => id === "a11y-mag"), undefined, pages[3]]);
    const { bytes, ...info } = await help.info();
    expect(info).toMatchObject({ name: "help", store: "memory", documents: 16, fields: { lang: "string", words: "number" } });
    expect(info.passages).toBeGreaterThanOrEqual(16);
    for (const part of Object.values(bytes)) expect(part).toBeGreaterThan(0);
  });

  it("filters, limits, and weighs", async () => {
    const long = pages.filter(({ fields }) => (fields!.words as number) >= 200).map(({ id }) => id);
    expect((await idsOf(help, "keyboard", { filter: { words: { min: 200 } }, limit: 100 })).toSorted()).toEqual(long.toSorted());
    expect(await idsOf(help, "keyboard", { limit: 3 })).toHaveLength(3);
    expect(await idsOf(help, "keyboard", { limit: 0 })).toEqual([]);
    const lexical = await help.search("sticky keys", { weights: [0, 1, 0], limit: 1 }, call());
    expect(lexical).toMatchObject({
      hits: [{ id: "a11y-stickykeys", title: "Turn on sticky keys", url: "/en/a11y-stickykeys.html" }],
      weights: { dense: 0, lexical: 1 },
    });
    expect(lexical.hits[0]!.score).toBe(lexical.hits[0]!.parts.lexical);
  });

  it("searches by BM25 alone without the model", async () => {
    const deaf = {
      ...call(),
      encoder: Object.assign(Object.create(mini.encoder), {
        encode: () => Promise.reject(new Error("asked the model")),
        tokens: mini.encoder.tokens.bind(mini.encoder),
      }),
    };
    const { hits } = await help.search("braille display", { weights: [0, 0, 0, 1] }, deaf);
    expect(hits[0]).toMatchObject({ id: "a11y-braille", parts: { dense: null, colbert: null } });
    await expect(help.search("braille display", {}, deaf)).rejects.toThrow("asked the model");
  });

  it("tells which tokens met, and where", async () => {
    const query = "bounce keys";
    const { hits } = await help.search(query, { explain: true, limit: 1, weights: [1, 0.3, 1] }, call());
    const page = pages.find(({ id }) => id === "a11y-bouncekeys")!;
    expect(hits[0]!.id).toBe(page.id);
    const { terms, tokens } = hits[0]!.explanation!;
    const asked = ({ start, end }: CharacterRange) => query.slice(start, end);
    const met = ({ of, start, end }: DocumentRange) => page[of]!.slice(start, end);
    expect(terms.map(({ token }) => token)).toContain("key");
    for (const { token, query: places, passage, product, queryWeight, passageWeight } of terms) {
      expect(product).toBeCloseTo(queryWeight * passageWeight, 6);
      for (const place of places) expect(asked(place)).toBe(token);
      expect(passage.length).toBeGreaterThan(0);
      for (const place of passage) expect(met(place)).toBe(token);
    }
    expect(terms.find(({ token }) => token === "key")!.passage.map(({ of }) => of)).toEqual(expect.arrayContaining(["title", "text"]));
    const { lexical, colbert } = hits[0]!.parts;
    expect(terms.reduce((sum, { product }) => sum + product, 0)).toBeCloseTo(lexical!, 3);
    expect(tokens.reduce((sum, { similarity }) => sum + similarity, 0) / tokens.length).toBeCloseTo(colbert!, 2);
    expect(tokens.at(-1)!.query).toBeNull();
    const key = tokens.find(({ query: place }) => place && asked(place) === "key")!;
    expect(met(key.passage!)).toBe("key");
  });
});

describe("long documents", () => {
  const sections = helpPages("en", 14).map(({ title, text }) => `${title}\n${text}`);
  const book: TextDocument = { id: "book", title: "The help book", text: sections.join("\n\n"), fields: { lang: "en" } };
  let index: TextIndex;
  beforeAll(async () => {
    index = await mini.open({ passageTokens: 200 });
    await add(index, [book, { id: "small", text: "Something else: a recipe for potato soup." }]);
  });

  it("are found by their best passage, once, with its place in the text", async () => {
    const { hits } = await index.search("Ignore quickly repeated key presses", { explain: true }, call());
    expect(hits.map(({ id }) => id)).toEqual(["book", "small"]);
    const { start, end, text } = hits[0]!.passage;
    expect(book.text.slice(start, end)).toBe(text);
    expect(text).toMatch(/bounce keys/);
    expect(text.length).toBeLessThan(book.text.length / 4);
    for (const { token, passage } of hits[0]!.explanation!.terms) {
      for (const { of, start: from, end: to } of passage) {
        expect(book[of]!.slice(from, to)).toBe(token);
        if (of === "text") expect(from >= start && to <= end).toBe(true);
      }
    }
  });

  it("count as one, come back whole, and go whole", async () => {
    const store = new MemoryStore();
    const other = await mini.open({ passageTokens: 200 }, { store });
    const large = { ...book, text: sections.slice(0, 4).join("\n\n") };
    await add(other, [large, { id: "small", text: "soup" }]);
    const before = await other.info();
    expect(before.documents).toBe(2);
    expect(before.passages).toBeGreaterThan(4);
    expect(before.fields).toEqual({ lang: "string" });
    expect(await other.get(["book"])).toEqual([large]);
    await other.add([{ ...large, text: sections[0]! }], { ...call(), kind: "update", key: "shorter" });
    const after = await other.info();
    expect(after.documents).toBe(2);
    expect(after.passages).toBeLessThan(before.passages);
    expect((await other.get(["book"]))[0]?.text).toBe(sections[0]);
    expect(await other.remove(["book"], call())).toBe(1);
    expect(await other.info()).toMatchObject({ documents: 1, passages: 1 });
    expect(await other.remove(["book"], call())).toBe(0);
  });

  it("lose no token, also with a title longer than a passage and a text without spaces", async () => {
    const encode = mini.encoder.encode.bind(mini.encoder);
    const cut: boolean[] = [];
    const watching = Object.assign(Object.create(mini.encoder), {
      tokens: mini.encoder.tokens.bind(mini.encoder),
      encode: async (...args: Parameters<typeof encode>) => {
        const result = await encode(...args);
        cut.push(...result.truncated);
        return result;
      },
    });
    const other = await mini.open({ passageTokens: 48 });
    const documents = [
      { id: "title", title: "word ".repeat(100), text: sections[0]! },
      { id: "han", text: "屏幕亮度可以更改".repeat(30) },
      { id: "title only", title: "Just a title", text: "" },
      { id: "nothing", text: "" },
    ];
    await other.add(documents, { encoder: watching, kind: "add", key: "k" });
    expect(cut.length).toBeGreaterThan(10);
    expect(cut).not.toContain(true);
    expect(await other.get(documents.map(({ id }) => id))).toEqual(documents);
  });
});

describe("additions", () => {
  it("refuse ids that are there, or twice in the list, before anything is encoded", async () => {
    const index = await mini.open();
    await add(index, pages.slice(0, 2));
    await expect(add(index, [pages[2]!, pages[0]!])).rejects.toMatchObject({ code: "duplicate-document", fields: { id: pages[0]!.id } });
    await expect(add(index, [pages[2]!, pages[2]!])).rejects.toMatchObject({ code: "duplicate-document" });
    expect((await index.info()).documents).toBe(2);
    await index.add([{ ...pages[0]!, text: "Changed." }, pages[2]!], { ...call(), kind: "update", key: "u" });
    expect((await index.get([pages[0]!.id]))[0]?.text).toBe("Changed.");
    expect((await index.info()).documents).toBe(3);
  });

  it("that are made again with their key add nothing twice, and finish what was begun", async () => {
    const index = await mini.open();
    await add(index, pages.slice(0, 3), "same key");
    const { generation } = await index.info();
    await add(index, pages.slice(0, 3), "same key");
    expect((await index.info()).generation).toBe(generation);
    await add(index, pages.slice(0, 5), "same key");
    expect((await index.info()).documents).toBe(5);
    await expect(add(index, pages.slice(0, 3), "another key")).rejects.toMatchObject({ code: "duplicate-document" });
  });

  it("that are aborted keep what was committed, in whole documents", async () => {
    const index = await mini.open();
    const documents = helpPages("en", 60);
    const controller = new AbortController();
    const reason = new Error("enough");
    let committed = 0;
    const onProgress = (event: {
      documents?: { committed: number; total: number } | undefined;
      remainingMs?: number | undefined;
      loaded: number;
      total: number;
    }) => {
      expect(event.documents!.total).toBe(60);
      expect(event.loaded).toBeLessThanOrEqual(event.total);
      if (event.loaded > 0) expect(event.remainingMs).toBeGreaterThanOrEqual(0);
      committed = event.documents!.committed;
      if (committed > 0) controller.abort(reason);
    };
    const adding = index.add(documents, { ...call(), kind: "add", key: "k", signal: controller.signal, onProgress });
    await expect(adding).rejects.toBe(reason);
    expect(committed).toBeGreaterThan(0);
    expect(committed).toBeLessThan(60);
    expect((await index.info()).documents).toBe(committed);
    expect(await index.get(documents.map(({ id }) => id))).toEqual(documents.map((document, place) => (place < committed ? document : undefined)));
  });
});

describe("bad input", () => {
  it("of a query is an answer without hits, or one by meaning alone", async () => {
    expect((await help.search("", {}, call())).hits).toEqual([]);
    expect((await help.search(" \n\u3000", {}, call())).hits).toEqual([]);
    const unknown = await help.search("\u{f0000}\u{f0001}", {}, call());
    expect(unknown.hits.length).toBeGreaterThan(0);
    expect(unknown.hits.every(({ score }) => Number.isFinite(score))).toBe(true);
    const long = await help.search("bounce keys ".repeat(834), { limit: 1 }, call());
    expect(long).toMatchObject({ truncated: true, hits: [{ id: "a11y-bouncekeys" }] });
    expect((await help.search("\ud800\0", { limit: 1 }, call())).hits).toHaveLength(1);
  });

  it("names an unknown field, and none of its own", async () => {
    for (const query of ["keys", ""]) {
      const error = await help.search(query, { filter: { colour: "red" } }, call()).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: "invalid-input", fields: { path: "options.filter.colour" }, message: expect.stringContaining("(lang, words)") });
    }
    await expect(add(help, [{ id: "x", text: "", fields: { ".continued": true } }])).rejects.toMatchObject({ code: "invalid-input" });
    await expect(add(help, [{ id: "x", text: "", fields: { words: "many" } }])).rejects.toMatchObject({ code: "invalid-input" });
    await expect(add(help, [{ id: "a\0b", text: "" }])).rejects.toMatchObject({ code: "invalid-input", fields: { path: "documents[0].id" } });
    await expect(add(help, [{ id: "ä".repeat(501), text: "" }])).rejects.toMatchObject({ code: "invalid-input" });
    expect((await help.info()).documents).toBe(16);
  });

  it("of an opening tells what is wrong", async () => {
    await expect(mini.open({ passageTokens: 8 })).rejects.toMatchObject({ code: "invalid-input", fields: { path: "options.passageTokens" } });
    await expect(mini.open({ passageTokens: 100, overlapTokens: 26 })).rejects.toMatchObject({ fields: { path: "options.overlapTokens" } });
    const store = new MemoryStore();
    const bits = await mini.open({ colbert: "bits", pooling: 2, bm25: false }, { store });
    await add(bits, pages.slice(0, 2));
    await expect(bits.search("keys", { weights: [1, 0, 0, 1] }, call())).rejects.toMatchObject({ fields: { path: "options.weights" } });
    const { hits } = await bits.search("keys", { explain: true, limit: 1 }, call());
    expect(hits[0]!.explanation!.tokens.every(({ passage }) => passage === null)).toBe(true);
    await bits.close();
    // What is not said is as it was.
    const again = await mini.open({}, { store });
    expect((await again.info()).documents).toBe(2);
    await again.close();
    await expect(mini.open({ colbert: "int8" }, { store })).rejects.toMatchObject({ code: "index-mismatch" });
    const other = { ...mini.manifest, fingerprint: "of another model" };
    await expect(mini.open({}, { store, manifest: other })).rejects.toMatchObject({
      code: "index-mismatch",
      message: expect.stringContaining("another model"),
    });
  });
});
