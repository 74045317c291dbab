/** What an index tells of itself, and documents that go together. */
import { describe, expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocument, makeDocuments, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();
const open = async (settings = SETTINGS) => await HybridIndex.open(new MemoryStore(), { settings, kernels });

describe("an index", () => {
  it("counts what meets a filter, over several segments, without what was removed", async () => {
    const index = await open();
    const documents = makeDocuments(30);
    await index.add(documents.slice(0, 20));
    await index.add(documents.slice(20));
    await index.remove(["doc-0", "doc-3"]);
    const german = documents.filter(({ id, fields }) => fields?.lang === "de" && id !== "doc-0" && id !== "doc-3").length;
    expect(await index.count({ lang: "de" })).toBe(german);
    expect(await index.count({})).toBe(28);
    expect(Object.keys(index.fields)).toContain("lang");
    await expect(index.count({ colour: "red" })).rejects.toMatchObject({ code: "invalid-input", message: expect.stringContaining("lang, year") });
  });

  it("gives a sample that is spread over all of it", async () => {
    const index = await open();
    expect(await index.sample(5)).toEqual([]);
    await index.add(makeDocuments(37));
    await index.add(makeDocuments(13, 2, "more"));
    expect((await index.sample(5)).map(({ id }) => id)).toEqual(["doc-0", "doc-10", "doc-20", "doc-30", "more-3"]);
    expect(await index.sample(1000)).toHaveLength(50);
    await index.remove(["doc-10"]);
    expect((await index.sample(5)).map(({ id }) => id)).not.toContain("doc-10");
  });

  it("tells in how many documents terms are", async () => {
    const documents = makeDocuments(20);
    const expected = (term: number) => documents.filter(({ words }) => words.includes(term)).length;
    const index = await open();
    await index.add(documents);
    expect(await index.termFrequencies([0, 7, 999])).toEqual({ documents: 20, frequencies: [expected(0), expected(7), 0] });
    const denseOnly = await open({ ...SETTINGS, lexical: false, words: false, tokens: null });
    await denseOnly.add(documents.map(({ id, dense }) => ({ id, dense })));
    expect(await denseOnly.termFrequencies([0])).toBeUndefined();
  });
});

describe("documents that go together", () => {
  const whole = (id: string, parts: readonly string[], seed: number) => ({ ...makeDocument(id, seed), stored: { parts } });
  const related = ({ stored }: { readonly stored: unknown }) => (stored as { readonly parts: readonly string[] }).parts;

  it("are replaced and removed in one change", async () => {
    const index = await open();
    await index.add([whole("a", ["a2", "a3"], 1), makeDocument("a2", 2), makeDocument("a3", 3), whole("b", ["b2"], 4), makeDocument("b2", 5)]);
    await index.update([whole("a", ["a2"], 6), makeDocument("a2", 7)], { related });
    expect(index.documents).toBe(4);
    expect((await index.get(["a2", "a3", "b2"])).map((record) => record?.stored)).toEqual([{ seed: 7 }, undefined, { seed: 5 }]);
    expect(await index.remove(["b", "nobody", "b"], { related })).toBe(1);
    expect(index.documents).toBe(2);
    expect(await index.get(["b", "b2"])).toEqual([undefined, undefined]);
  });
});
