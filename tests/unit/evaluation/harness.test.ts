import { describe, expect, it } from "vitest";
import { evaluate } from "#evaluation/harness.ts";

const queries = new Map([
  ["q1", "one"],
  ["q2", "two"],
  ["q3", "three"],
  ["q4", "four"],
]);
const qrels = new Map([
  ["q1", new Map([["a", 1]])],
  [
    "q2",
    new Map([
      ["b", 1],
      ["c", 1],
    ]),
  ],
  ["q3", new Map([["a", 0]])],
  ["q9", new Map([["a", 1]])],
]);

describe("evaluating", () => {
  it("averages over the queries that have an answer", async () => {
    const asked: [string, number][] = [];
    const progress: number[] = [];
    const rank = (query: string, depth: number) => {
      asked.push([query, depth]);
      return query === "one" ? ["x", "a"] : ["b"];
    };
    const result = await evaluate(queries, qrels, rank, { measures: ["MRR@10", "recall@100"], onProgress: (done, total) => progress.push(done, total) });
    expect(asked).toEqual([
      ["one", 100],
      ["two", 100],
    ]);
    expect(progress).toEqual([1, 2, 2, 2]);
    expect(result.queries).toEqual([
      { query: "q1", values: { "MRR@10": 0.5, "recall@100": 1 } },
      { query: "q2", values: { "MRR@10": 1, "recall@100": 0.5 } },
    ]);
    expect(result.means).toEqual({ "MRR@10": 0.75, "recall@100": 0.75 });
  });

  it("uses the usual measures, and waits for rankings", async () => {
    const { means } = await evaluate(queries, qrels, async () => ["a", "b", "c"]);
    expect(Object.keys(means)).toEqual(["nDCG@10", "recall@100", "MRR@10"]);
    expect(means["recall@100"]).toBe(1);
  });

  it("refuses rankings with a document twice, and judgements for other queries", async () => {
    await expect(evaluate(queries, qrels, () => ["a", "a"])).rejects.toMatchObject({ code: "invalid-input" });
    await expect(evaluate(queries, new Map(), () => [])).rejects.toMatchObject({ code: "invalid-input" });
    await expect(evaluate(queries, qrels, () => [], { measures: ["accuracy"] })).rejects.toMatchObject({ code: "invalid-input" });
  });

  it("stops when aborted", async () => {
    const abort = new AbortController();
    const reason = new Error("stop");
    const rank = () => {
      abort.abort(reason);
      return [];
    };
    await expect(evaluate(queries, qrels, rank, { signal: abort.signal })).rejects.toBe(reason);
  });
});
