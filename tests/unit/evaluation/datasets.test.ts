/** Files of each layout, in the form in which they are published (tests/fixtures/evaluation/datasets), and what is wrong with others. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { LineSource } from "#evaluation/datasets/dataset.ts";
import { type DatasetFiles, type Layout, readDataset } from "#evaluation/datasets/layouts.ts";
import { inWords } from "#evaluation/datasets/mkqa.ts";

const folder = path.resolve(import.meta.dirname, "../../fixtures/evaluation/datasets");
const source = (name: string): LineSource => ({ name, lines: readFileSync(path.join(folder, name), "utf8").split("\n") });
const lines = (name: string, ...content: string[]): LineSource => ({ name, lines: content });

const ofMap = <V>(map: ReadonlyMap<string, ReadonlyMap<string, V>>) => Object.fromEntries([...map].map(([id, inner]) => [id, Object.fromEntries(inner)]));

describe("layouts", () => {
  it("beir", async () => {
    const files = { corpus: [source("beir/corpus.jsonl")], queries: source("beir/queries.jsonl"), qrels: source("beir/qrels/test.tsv") };
    const { documents, queries, qrels } = await readDataset("beir", files);
    expect(documents).toEqual([
      { id: "d1", text: "Charging Connect the cable and wait until the light is green." },
      { id: "d2", text: "Press both buttons to take a picture of the screen." },
      { id: "d3", text: "Networks Choose a network and type its password." },
    ]);
    expect([...queries]).toEqual([
      ["q1", "how do I charge the battery"],
      ["q2", "take a screenshot"],
      ["q3", "nobody judged this"],
    ]);
    expect(ofMap(qrels)).toEqual({ q1: { d1: 2, d3: 0 }, q2: { d2: 1 } });
  });

  it("miracl, in two parts", async () => {
    const { documents, queries, qrels } = await readDataset("miracl", {
      corpus: [source("miracl/docs-0.jsonl"), source("miracl/docs-1.jsonl")],
      queries: source("miracl/topics.miracl-v1.0-ko-dev.tsv"),
      qrels: source("miracl/qrels.miracl-v1.0-ko-dev.tsv"),
    });
    expect(documents.map(({ id }) => id)).toEqual(["12#0", "12#1", "40#0"]);
    expect(documents[0]!.text).toBe("서울 서울은 대한민국의 수도이다.");
    expect(queries.get("7")).toBe("항구가 있는 도시는?");
    expect(ofMap(qrels)).toEqual({ "0": { "12#0": 1, "12#1": 0 }, "7": { "40#0": 1 } });
  });

  it("mldr, judgements with the queries", async () => {
    const { documents, queries, qrels } = await readDataset("mldr", { corpus: [source("mldr/corpus.jsonl")], queries: source("mldr/test.jsonl") });
    expect(documents).toHaveLength(2);
    expect(queries.get("q-de-2")).toBe("Welche Bäume wachsen im Wald?");
    expect(ofMap(qrels)).toEqual({ "q-de-1": { "doc-de-1": 1 }, "q-de-2": { "doc-de-2": 1 } });
  });

  it("mkqa, in both forms: relevant is what holds an answer", async () => {
    const corpus = [source("mkqa/corpus.jsonl")];
    const published = await readDataset("mkqa", { corpus, queries: source("mkqa/mkqa.jsonl"), language: "de" });
    const expected = { "-7449157003522518870": { doc0: 1 }, "1189529416466424160": { doc0: 1 } };
    // Numbers of example ids are larger than JavaScript counts exactly; they only have to tell questions apart.
    expect([...published.queries.values()]).toEqual(["wer bestieg den everest zuerst", "wie hoch ist der everest"]);
    expect(Object.values(ofMap(published.qrels))).toEqual(Object.values(expected));
    const prepared = await readDataset("mkqa", { corpus: [source("mkqa/corpus.jsonl")], queries: source("mkqa/de.jsonl") });
    expect(ofMap(prepared.qrels)).toEqual(expected);
  });

  it("of mkqa find answers as words, not as letters", () => {
    expect(inWords("Café—8,849 m")).toBe(` cafe\u0301 — 8 , 849 m `);
    expect(inWords("Hillary's").includes(inWords("Hill"))).toBe(false);
    expect(inWords("by Edmund HILLARY.").includes(inWords("edmund hillary"))).toBe(true);
  });
});

const corpus = () => [lines("corpus.jsonl", '{"_id": "d1", "text": "one"}')];
const queries = () => lines("queries.jsonl", '{"_id": "q1", "text": "one?"}');
const qrels = () => lines("qrels.tsv", "query-id\tcorpus-id\tscore", "q1\td1\t1");
const beir = (change: Partial<DatasetFiles>): DatasetFiles => ({ corpus: corpus(), queries: queries(), qrels: qrels(), ...change });

describe("wrong files are refused with file and line", () => {
  const cases: [what: string, layout: Layout, files: DatasetFiles, message: RegExp][] = [
    ["no JSON", "beir", beir({ corpus: [lines("c.jsonl", '{"_id": "d1", "text": "x"}', "", '{"_id": "d2", "te')] }), /c\.jsonl, line 3 must be a JSON object/],
    ["a list", "beir", beir({ corpus: [lines("c.jsonl", "[1]")] }), /c\.jsonl, line 1 must be a JSON object/],
    ["no id", "beir", beir({ corpus: [lines("c.jsonl", '{"text": "x"}')] }), /"_id" in c\.jsonl, line 1, must be a string/],
    ["an empty id", "beir", beir({ queries: lines("q.jsonl", '{"_id": "", "text": "x"}') }), /"_id" in q\.jsonl, line 1/],
    ["an id of the prototype", "beir", beir({ corpus: [lines("c.jsonl", '{"text": "x", "__proto__": {"_id": "d"}}')] }), /"_id" in c\.jsonl, line 1/],
    ["a text that is none", "beir", beir({ corpus: [lines("c.jsonl", '{"_id": "d", "text": null}')] }), /"text" in c\.jsonl, line 1, must be a string/],
    [
      "a document twice, in two parts",
      "beir",
      beir({ corpus: [...corpus(), lines("more.jsonl", '{"_id": "d1", "text": "again"}')] }),
      /The id in more\.jsonl, line 1, must be one that no earlier line has/,
    ],
    ["a query twice", "beir", beir({ queries: lines("q.jsonl", '{"_id": "q", "text": "x"}', '{"_id": "q", "text": "y"}') }), /The id in q\.jsonl, line 2/],
    ["no document", "beir", beir({ corpus: [lines("c.jsonl", "")] }), /The corpus \(c\.jsonl\) must be at least one document/],
    ["no judgements", "beir", beir({ qrels: undefined }), /qrels must be given, as the layout "beir"/],
    [
      "a judgement without a number",
      "beir",
      beir({ qrels: lines("r.tsv", "query-id\tcorpus-id\tscore", "q1\td1\tyes") }),
      /line 2 of r\.tsv must be query, document/,
    ],
    [
      "a topic without a tab",
      "miracl",
      { ...beir({}), corpus: [lines("c", '{"docid": "a", "text": "b"}')], queries: lines("t.tsv", "7 what") },
      /t\.tsv, line 1 must be/,
    ],
    [
      "passages that are no list",
      "mldr",
      { corpus: [lines("c", '{"docid": "a", "text": "b"}')], queries: lines("t.jsonl", '{"query_id": "q", "query": "x", "positive_passages": {}}') },
      /"positive_passages" in t\.jsonl, line 1, must be a list/,
    ],
    [
      "a passage without an id",
      "mldr",
      { corpus: [lines("c", '{"docid": "a", "text": "b"}')], queries: lines("t.jsonl", '{"query_id": "q", "query": "x", "positive_passages": [{}]}') },
      /"docid" in positive_passages\[0\] of t\.jsonl, line 1/,
    ],
    ["mkqa without a language", "mkqa", { corpus: corpus(), queries: source("mkqa/mkqa.jsonl") }, /language must be given, as mkqa\/mkqa\.jsonl, line 1/],
    [
      "mkqa in no such language",
      "mkqa",
      { corpus: corpus(), queries: source("mkqa/mkqa.jsonl"), language: "xx" },
      /"queries\.xx" in mkqa\/mkqa\.jsonl, line 1/,
    ],
    [
      "answers that are no strings",
      "mkqa",
      { corpus: corpus(), queries: lines("de.jsonl", '{"id": "1", "question": "x", "answers": [1]}') },
      /"answers" in de\.jsonl, line 1/,
    ],
  ];
  it.each(cases)("%s", async (_, layout, files, message) => {
    await expect(readDataset(layout, files)).rejects.toMatchObject({ code: "invalid-input", message: expect.stringMatching(message) });
  });
});
