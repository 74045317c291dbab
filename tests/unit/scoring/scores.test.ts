import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import { combineScores } from "#scoring/combine.ts";
import { denseScore } from "#scoring/dense.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";

const vectors = (dim: number, ...rows: number[][]): TokenVectors => ({ data: Float32Array.from(rows.flat()), tokens: rows.length, dim });
const invalid = expect.objectContaining({ code: "invalid-input" });

describe("denseScore", () => {
  it("is the inner product", () => {
    expect(denseScore(Float32Array.of(1, 2, 3), Float32Array.of(4, -5, 6))).toBe(12);
  });

  it("refuses vectors of unequal length", () => {
    expect(() => denseScore(Float32Array.of(1), Float32Array.of(1, 2))).toThrow(invalid);
  });
});

describe("computeLexicalMatchingScore", () => {
  const query: LexicalWeights = { 7: 0.5, 9: 0.25 };

  it("sums products over the ids that both have", () => {
    expect(computeLexicalMatchingScore(query, { 9: 2, 8: 100, 7: 3 })).toBe(2);
    expect(computeLexicalMatchingScore(query, {})).toBe(0);
  });

  it("gives a matrix for two lists, of their sizes", () => {
    expect(computeLexicalMatchingScore([query, {}], [query, { 9: 4 }, {}])).toEqual([
      [0.3125, 1, 0],
      [0, 0, 0],
    ]);
    expect(computeLexicalMatchingScore([], [query])).toEqual([]);
  });

  it("does not take what every object has for an id", () => {
    expect(computeLexicalMatchingScore({ toString: 1 }, {})).toBe(0);
  });

  it("is symmetric and never below 0 for weights above 0", () => {
    const weights = fc.dictionary(fc.nat(20).map(String), fc.float({ min: 0, max: 4, noNaN: true }));
    fc.assert(
      fc.property(weights, weights, (first, second) => {
        const score = computeLexicalMatchingScore(first, second);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(computeLexicalMatchingScore(second, first)).toBeCloseTo(score, 10);
      }),
    );
  });

  it("refuses anything else, and says where", () => {
    const score = computeLexicalMatchingScore as (first: unknown, second: unknown) => unknown;
    expect(() => score(query, [query])).toThrow(invalid);
    expect(() => score([query], query)).toThrow(invalid);
    expect(() => score("7", query)).toThrow(invalid);
    expect(() => score(query, null)).toThrow(invalid);
    expect(() => score([query], [query, 3])).toThrow(expect.objectContaining({ fields: expect.objectContaining({ path: "second[1]" }) }));
  });
});

describe("colbertScore", () => {
  it("is the mean over query vectors of the best inner product", () => {
    const passage = vectors(2, [1, 0], [0, 1]);
    expect(colbertScore(vectors(2, [1, 0], [0.5, 0.25]), passage)).toBe(0.75);
  });

  it("divides by the query's vectors, so it is not symmetric", () => {
    const [short, long] = [vectors(2, [1, 0]), vectors(2, [1, 0], [0, 1])];
    expect(colbertScore(short, long)).toBe(1);
    expect(colbertScore(long, short)).toBe(0.5);
  });

  it("may be negative: no padding of zeros takes part", () => {
    expect(colbertScore(vectors(2, [1, 0]), vectors(2, [-1, 0], [-0.5, 0]))).toBe(-0.5);
  });

  it("refuses widths that differ, sides without vectors, and what is not token vectors", () => {
    expect(() => colbertScore(vectors(2, [1, 0]), vectors(1, [1]))).toThrow(invalid);
    expect(() => colbertScore(vectors(2), vectors(2, [1, 0]))).toThrow(invalid);
    expect(() => colbertScore(vectors(2, [1, 0]), undefined as unknown as TokenVectors)).toThrow(invalid);
    expect(() => colbertScore({ data: new Float32Array(3), tokens: 2, dim: 2 }, vectors(2, [1, 0]))).toThrow(invalid);
  });
});

describe("combineScores", () => {
  const parts = { dense: 0.5, sparse: 0.25, colbert: 1 };

  it("takes weights in the order dense, sparse, colbert", () => {
    expect(combineScores(parts, [1, 0, 0])["colbert+sparse+dense"]).toBe(0.5);
    expect(combineScores(parts, [0, 1, 0])["colbert+sparse+dense"]).toBe(0.25);
    expect(combineScores(parts, [0, 0, 1])["colbert+sparse+dense"]).toBe(1);
  });

  it("divides each combination by the weights that it uses", () => {
    expect(combineScores(parts, [2, 2, 4])).toEqual({ ...parts, "sparse+dense": 0.375, "colbert+sparse+dense": 0.6875 });
    expect(combineScores(parts)["colbert+sparse+dense"]).toBeCloseTo(1.75 / 3, 12);
  });

  it("gives 0 where no weight is left", () => {
    expect(combineScores(parts, [0, 0, 1])["sparse+dense"]).toBe(0);
  });
});
