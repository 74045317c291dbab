import { describe, expect, it } from "vitest";
import { denseVector } from "#heads/dense.ts";
import { lexicalEntries, toLexicalWeights } from "#heads/lexical.ts";
import { tokenVectors } from "#heads/multi-vector.ts";

const lengthOf = (vector: Float32Array) => Math.hypot(...vector);
const SPECIAL_IDS = new Set([0, 1, 2, 3]);

describe("denseVector", () => {
  it("gives each text's row as a unit vector", () => {
    const pooled = Float32Array.of(3, 4, 0, 0, 0, 5);
    expect(Array.from(denseVector(pooled, 0, 3))).toEqual([Math.fround(0.6), Math.fround(0.8), 0]);
    expect(Array.from(denseVector(pooled, 1, 3))).toEqual([0, 0, 1]);
  });

  it("cuts before it normalises", () => {
    const vector = denseVector(Float32Array.of(3, 4, 12), 0, 3, 2);
    expect(Array.from(vector)).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect(denseVector(Float32Array.of(3, 4, 12), 0, 3, 7)).toHaveLength(3);
  });

  it("sums in float64: a number beside 10 million small ones still counts", () => {
    const width = 100_000;
    const vector = denseVector(new Float32Array(width).fill(1).fill(4096, 0, 1), 0, width);
    // A float32 sum stops growing at 2^24 = 4096²: the 99,999 ones would be lost.
    expect(vector[0]).toBeCloseTo(4096 / Math.sqrt(4096 ** 2 + width - 1), 7);
  });

  it("leaves a row of zeros at zero, and divides a tiny one by 1e-12 at least, as F.normalize does", () => {
    expect(Array.from(denseVector(new Float32Array(2), 0, 2))).toEqual([0, 0]);
    expect(denseVector(Float32Array.of(1e-14, 0), 0, 2)[0]).toBeCloseTo(0.01, 8);
    expect(lengthOf(denseVector(Float32Array.of(1e-10, 1e-10), 0, 2))).toBeCloseTo(1, 6);
  });
});

describe("lexicalEntries", () => {
  const weigh = (ids: number[], weights: number[], firstToken?: number) =>
    toLexicalWeights(lexicalEntries(Int32Array.from(ids), Float32Array.from(weights), SPECIAL_IDS, firstToken));

  it("takes the largest weight of a repeated id, not the sum", () => {
    expect(weigh([0, 70, 5, 70, 70, 2], [0, 0.25, 0.5, 0.75, 0.5, 0])).toEqual({ 5: 0.5, 70: 0.75 });
  });

  it("drops <s>, <pad>, </s> and <unk> whatever they weigh, and keeps <mask>", () => {
    expect(weigh([0, 3, 250001, 1, 2], [1, 1, 0.5, 1, 1])).toEqual({ 250001: 0.5 });
  });

  it("keeps only weights above 0", () => {
    expect(weigh([0, 7, 8, 2], [0, 0, 0.125, 0])).toEqual({ 8: 0.125 });
    expect(weigh([0, 2], [0.5, 0.5])).toEqual({});
  });

  it("drops the tokens of a prompt, but not the same id in the text", () => {
    expect(weigh([0, 41, 12, 41, 9, 2], [0, 1, 1, 0.5, 0.25, 0], 3)).toEqual({ 9: 0.25, 41: 0.5 });
  });

  it("gives ids in ascending order with their weights", () => {
    const { ids, weights } = lexicalEntries(Int32Array.of(9, 100, 20), Float32Array.of(0.5, 0.25, 0.125), SPECIAL_IDS);
    expect([...ids]).toEqual([9, 20, 100]);
    expect([...weights]).toEqual([0.5, 0.125, 0.25]);
  });
});

describe("tokenVectors", () => {
  // A batch of two texts, 3 and 2 tokens, two numbers each.
  const rows = Float32Array.of(1, 1, 3, 4, 0, 2, 9, 9, 5, 12);

  it("drops <s> and keeps </s>", () => {
    const { data, tokens, dim } = tokenVectors(rows, 2, { start: 0, tokens: 3, skipped: 1 });
    expect([tokens, dim]).toEqual([2, 2]);
    expect(Array.from(data)).toEqual([0.6, 0.8, 0, 1].map(Math.fround));
  });

  it("gives a text without words one vector: that of </s>", () => {
    const { data, tokens } = tokenVectors(rows, 2, { start: 3, tokens: 2, skipped: 1 });
    expect(tokens).toBe(1);
    expect(data[0]).toBeCloseTo(5 / 13, 6);
  });

  it("drops the vectors of a prompt", () => {
    expect(Array.from(tokenVectors(rows, 2, { start: 0, tokens: 3, skipped: 2 }).data)).toEqual([0, 1]);
  });

  it("cuts before it normalises, and leaves zeros at zero", () => {
    const { data, dim } = tokenVectors(rows, 2, { start: 0, tokens: 3, skipped: 1 }, 1);
    expect(dim).toBe(1);
    expect(Array.from(data)).toEqual([1, 0]);
  });
});
