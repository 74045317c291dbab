import { describe, expect, it } from "vitest";
import { distinctPairs, formatPair, parsePair } from "#training/pair-texts.ts";
import { holdOut, tabulate } from "#training/text-table.ts";

const line = (fields: object) => JSON.stringify({ query: "q", pos: ["p"], neg: [], ...fields });

describe("a line of pairs", () => {
  it("is FlagEmbedding's, with a teacher's scores, an id and a group where they are there", () => {
    expect(parsePair('{"query": "q", "pos": ["p"]}', "x")).toEqual({ query: "q", pos: ["p"], neg: [] });
    const all = { query: "q", pos: ["p", "r"], neg: ["n"], pos_scores: [1, 2], neg_scores: [0.5], id: "i", group: "de", prompt: "", type: "normal" };
    const parsed = parsePair(JSON.stringify(all), "x");
    expect(parsed).toEqual({ query: "q", pos: ["p", "r"], neg: ["n"], posScores: [1, 2], negScores: [0.5], id: "i", group: "de" });
    expect(parsePair(formatPair(parsed), "x")).toEqual(parsed);
  });

  it.each([
    ["not JSON", "{", "pairs.jsonl, line 3"],
    ["an array", "[]", "pairs.jsonl, line 3"],
    ["a corpus line", '{"text": "t"}', '"text" in pairs.jsonl, line 3,'],
    ["no query", '{"pos": ["p"]}', '"query" in pairs.jsonl, line 3,'],
    ["an empty query", line({ query: " " }), '"query" in pairs.jsonl, line 3,'],
    ["no positive", line({ pos: [] }), '"pos" in pairs.jsonl, line 3,'],
    ["a positive that is no list", line({ pos: "p" }), '"pos" in pairs.jsonl, line 3,'],
    ["an empty negative", line({ neg: [""] }), '"neg" in pairs.jsonl, line 3,'],
    ["too few scores", line({ pos_scores: [] }), '"pos_scores" in pairs.jsonl, line 3,'],
    ["scores of one side", line({ pos_scores: [1], neg: ["n"] }), '"neg_scores" in pairs.jsonl, line 3,'],
    ["an empty id", line({ id: "" }), '"id" in pairs.jsonl, line 3,'],
  ])("that is %s is refused, with the line and the field", (_, text, path) => {
    expect(() => parsePair(text, "pairs.jsonl, line 3")).toThrowError(
      expect.objectContaining({ code: "invalid-input", fields: expect.objectContaining({ path }) }),
    );
  });
});

describe("a file of pairs", () => {
  const pair = (query: string) => ({ query, pos: [`${query}!`], neg: [] });

  it("loses pairs that are there already", () => {
    expect(distinctPairs([pair("a"), pair("b"), pair("a")], "f").map(({ query }) => query)).toEqual(["a", "b"]);
  });

  it.each([
    ["empty", []],
    ["of one pair", [pair("a")]],
    ["of duplicates only", [pair("a"), pair("a"), pair("a")]],
  ])("that is %s is refused", (_, pairs) => {
    expect(() => distinctPairs(pairs, "f")).toThrowError(/at least two different pairs/);
  });

  it("becomes a table in which each text is once, as a query or as a passage", () => {
    const { texts, pairs } = tabulate([
      { query: "a", pos: ["x"], neg: ["y"] },
      { query: "a", pos: ["y"], neg: ["a"], id: "i", group: "g" },
    ]);
    expect(texts).toEqual([
      { text: "x", kind: "passage" },
      { text: "y", kind: "passage" },
      { text: "a", kind: "query" },
      { text: "a", kind: "passage" },
    ]);
    expect(pairs).toMatchObject([
      { query: 2, positives: [0], negatives: [1], group: "" },
      { query: 2, positives: [1], negatives: [3], id: "i", group: "g" },
    ]);
  });

  it("is held out by ids: no id is on both sides", () => {
    const pairs = Array.from({ length: 40 }, (_, index) => ({ query: index, positives: [100 + index], negatives: [], id: `${index >> 1}`, group: "" }));
    const { train, dev } = holdOut(pairs, 0.2, 1);
    expect([train.length, dev.length]).toEqual([32, 8]);
    expect(dev.filter(({ id }) => train.some((other) => other.id === id))).toEqual([]);
    expect(holdOut(pairs, 0.2, 1)).toEqual({ train, dev });
    expect(holdOut(pairs, 0, 1).dev).toEqual([]);
  });
});
