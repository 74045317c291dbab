import { describe, expect, it } from "vitest";
import { reciprocalRanks, resolveWeights, type ScoreParts, weightedMean } from "#search/fusion.ts";

const parts = (dense: number | null, lexical: number | null, colbert: number | null = null, bm25: number | null = null): ScoreParts => ({
  dense,
  lexical,
  colbert,
  bm25,
});

describe("weights", () => {
  it("have presets, and take lists of three or four", () => {
    expect(resolveWeights("balanced")).toEqual({ dense: 1, lexical: 0.05, colbert: 0.4, bm25: 0.05 });
    expect(resolveWeights("crossLingual")).toEqual({ dense: 1, lexical: 0, colbert: 0.4, bm25: 0 });
    expect(resolveWeights([1, 0.3, 1])).toEqual({ dense: 1, lexical: 0.3, colbert: 1, bm25: 0 });
    expect(resolveWeights([0, 0, 0, 1])).toEqual({ dense: 0, lexical: 0, colbert: 0, bm25: 1 });
  });

  it("are refused when they mean nothing", () => {
    for (const choice of [
      "nothing",
      "toString",
      [1, 1],
      [0, 0, 0],
      [1, -1, 1],
      [Number.NaN, 1, 1],
      [Number.POSITIVE_INFINITY, 1, 1],
      [1, 1, 1, 1, 1],
      {},
      null,
      3,
    ]) {
      expect(() => resolveWeights(choice as never), JSON.stringify(choice)).toThrow(expect.objectContaining({ code: "invalid-input" }));
    }
  });

  it("make a mean over the signals that are used; what a document lacks counts 0", () => {
    const weights = resolveWeights([0.4, 0.2, 0.4]);
    expect(weightedMean(parts(0.5, 0.2, 0.8), weights, ["dense", "lexical", "colbert"])).toBeCloseTo(0.4 * 0.5 + 0.2 * 0.2 + 0.4 * 0.8, 10);
    expect(weightedMean(parts(0.5, null), weights, ["dense", "lexical"])).toBeCloseTo((0.4 * 0.5) / 0.6, 10);
    expect(weightedMean(parts(0.5, 0.2), weights, [])).toBe(0);
  });
});

describe("reciprocal ranks", () => {
  it("add 1 / (60 + rank) of each signal, and share the rank of equal scores", () => {
    const candidates = [parts(0.9, 0), parts(0.5, 0.3), parts(0.5, 0.1), parts(0.1, 0.3)];
    const sums = reciprocalRanks(candidates, { dense: 1, lexical: 2, colbert: 1, bm25: 1 }, ["dense", "lexical"]);
    expect(sums[0]).toBeCloseTo(1 / 61, 12);
    expect(sums[1]).toBeCloseTo(1 / 62 + 2 / 61, 12);
    expect(sums[2]).toBeCloseTo(1 / 62 + 2 / 63, 12);
    expect(sums[3]).toBeCloseTo(1 / 64 + 2 / 61, 12);
  });
});
