/** Measures against pytrec_eval on a committed run with ties, graded and negative judgements, and queries without an answer (tests/fixtures/evaluation). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { rankScores } from "#evaluation/judgements.ts";
import { measureOf } from "#evaluation/measures.ts";
import { reciprocalRank } from "#evaluation/mrr.ts";
import { ndcg } from "#evaluation/ndcg.ts";
import { recall } from "#evaluation/recall.ts";
import { parseQrels, parseRun } from "#evaluation/trec-files.ts";

const folder = path.resolve(import.meta.dirname, "../../fixtures/evaluation");
const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
const qrels = parseQrels(read("qrels.tsv"));
const run = parseRun(read("run.trec"));
const goldens: { cuts: number[]; results: Record<string, Record<string, number>> } = JSON.parse(read("goldens.json"));

describe("on pytrec_eval's run", () => {
  it("has all of its queries", () => {
    expect(run.size).toBe(40);
    expect([...run.keys()].sort()).toEqual(Object.keys(goldens.results).sort());
  });

  it("every measure of every query agrees", () => {
    for (const [query, expected] of Object.entries(goldens.results)) {
      const ranking = rankScores(run.get(query)!);
      const judgements = qrels.get(query)!;
      expect(reciprocalRank(ranking, judgements), `${query} recip_rank`).toBeCloseTo(expected.recip_rank!, 10);
      for (const cut of goldens.cuts) {
        expect(ndcg(ranking, judgements, cut), `${query} ndcg_cut_${cut}`).toBeCloseTo(expected[`ndcg_cut_${cut}`]!, 10);
        expect(recall(ranking, judgements, cut), `${query} recall_${cut}`).toBeCloseTo(expected[`recall_${cut}`]!, 10);
      }
    }
  });
});

describe("measures", () => {
  const judgements = new Map([
    ["a", 2],
    ["b", 1],
    ["c", 0],
  ]);

  it("are what one computes by hand", () => {
    expect(ndcg(["c", "a", "x", "b"], judgements, 10)).toBeCloseTo((2 / Math.log2(3) + 1 / Math.log2(5)) / (2 + 1 / Math.log2(3)), 12);
    expect(recall(["c", "a", "x", "b"], judgements, 3)).toBe(0.5);
    expect(reciprocalRank(["c", "a"], judgements)).toBe(0.5);
    expect(reciprocalRank(["c", "x", "a"], judgements, 2)).toBe(0);
  });

  it("are 0 for no ranking, and for no relevant document", () => {
    for (const name of ["nDCG@10", "recall@100", "MRR@10"]) {
      expect(measureOf(name).of([], judgements), name).toBe(0);
      expect(measureOf(name).of(["c"], new Map([["c", 0]])), name).toBe(0);
      expect(measureOf(name).of(["c"], new Map()), name).toBe(0);
    }
  });

  it("go by name", () => {
    expect(measureOf("recall@3").of(["c", "a", "x", "b"], judgements)).toBe(0.5);
    expect(measureOf("MRR@1").of(["c", "a"], judgements)).toBe(0);
    expect(measureOf("success@1").of(["c", "a"], judgements)).toBe(0);
    expect(measureOf("success@2").of(["c", "a", "b"], judgements)).toBe(1);
    for (const name of ["ndcg@10", "recall", "recall@0", "recall@1.5", "P@5", ""]) {
      expect(() => measureOf(name), name).toThrow(expect.objectContaining({ code: "invalid-input" }));
    }
  });
});

describe("files", () => {
  it("of judgements are TREC's or BEIR's", () => {
    expect(parseQrels("q1 0 d1 2\nq1 0 d2 -1\n\nq2 0 d1 0\n")).toEqual(
      new Map([
        [
          "q1",
          new Map([
            ["d1", 2],
            ["d2", -1],
          ]),
        ],
        ["q2", new Map([["d1", 0]])],
      ]),
    );
    expect(parseQrels("query-id\tcorpus-id\tscore\nq1\td1\t1\r\n")).toEqual(new Map([["q1", new Map([["d1", 1]])]]));
  });

  it("are refused with the line that is wrong", () => {
    for (const text of ["q1 d1", "q1 0 d1 two", "q1\td1\t1\nq2\td1\t", "a b c d e"]) expect(() => parseQrels(text), text).toThrow(/line \d of the judgements/);
    for (const text of ["q1 Q0 d1 1 x run", "q1 Q0 d1 1 0.5"]) expect(() => parseRun(text), text).toThrow(/line 1 of the run/);
  });
});
