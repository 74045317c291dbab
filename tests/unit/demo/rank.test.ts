import { describe, expect, it } from "vitest";
import { groupByPage } from "../../../demo/src/ranking/group.ts";
import { placeIn, rangeOf } from "../../../demo/src/ranking/range.ts";
import { rank } from "../../../demo/src/ranking/rank.ts";
import { readVectors } from "../../../demo/src/vectors/read.ts";
import { type EmbeddedPage, packPages } from "../../../tools/demo/pack-pages.ts";
import { randomNumbers, unit } from "./random.ts";

const DIM = 16;
const random = randomNumbers(3);
const meaning = unit(random, DIM);
/** Another direction, but not an opposite one: no cosine here is negative. */
const other = unitOf(meaning.map((value, index) => (index % 2 ? 1.5 : -0.5) * value));

const page = (id: string, dense: Float32Array, lexical: Record<string, number>, token: Float32Array): EmbeddedPage => ({
  id,
  dense,
  lexical,
  colbert: { data: Float32Array.from([...other, ...other, ...token, ...other]), tokens: 4, dim: DIM },
  lineVectors: [0, 1, 2],
  truncated: false,
});
const corpus = (language: string, pages: EmbeddedPage[]) => readVectors(packPages(language, "", pages).slice().buffer);

const english = corpus("en", [page("by-meaning", meaning, {}, other), page("by-word", other, { 7: 0.9 }, other), page("by-token", other, {}, meaning)]);
const korean = corpus("ko", [page("by-meaning", meaning, {}, meaning)]);
const question = { denseVecs: meaning, lexicalWeights: { 7: 1 }, colbertVecs: { data: meaning, tokens: 1, dim: DIM }, truncated: false, tokenCounts: 3 };

describe("rank", () => {
  it("puts first what the weights ask for", () => {
    expect(rank(question, [english], [1, 0, 0]).pages[0]!.id).toBe("by-meaning");
    expect(rank(question, [english], [0, 1, 0]).pages[0]!.id).toBe("by-word");
    expect(rank(question, [english], [0, 0, 1]).pages[0]!.id).toBe("by-token");
  });

  it("divides by the sum of the weights", () => {
    const [best] = rank(question, [english], [2, 1, 1]).pages;
    expect(best!.total).toBeCloseTo((2 * best!.dense + best!.sparse + best!.colbert) / 4, 6);
  });

  it("leaves out pages that share no word when only words count", () => {
    expect(rank(question, [english], [0, 1, 0]).pages.map(({ id }) => id)).toEqual(["by-word"]);
  });

  it("names the line of the body that matches best", () => {
    const byToken = rank(question, [english], [0, 0, 1]).pages.find(({ id }) => id === "by-token");
    expect(byToken!.bestLine, "lines of the body count from 0; the title is none of them").toBe(1);
  });

  it("ranks all languages together, and tells their ranges", () => {
    const { pages, searched, ranges } = rank(question, [english, korean], [1, 0, 1]);
    expect(pages[0]).toMatchObject({ id: "by-meaning", language: "ko" });
    expect(searched).toBe(4);
    expect(ranges.dense.highest).toBeCloseTo(1, 2);
    expect(ranges.sparse).toEqual({ lowest: 0, highest: expect.closeTo(0.9, 5) });
  });
});

describe("groupByPage", () => {
  it("makes one answer of a page's languages, where the best of them stands", () => {
    const answers = groupByPage(rank(question, [english, korean], [1, 0, 0.1]).pages);
    expect(answers[0]!.map(({ language }) => language)).toEqual(["ko", "en"]);
    expect(answers.flat(), "no version is lost").toHaveLength(4);
    expect(new Set(answers.map(([first]) => first.id)).size).toBe(3);
  });
});

describe("placeIn", () => {
  it("runs from 0 for the lowest to 1 for the highest", () => {
    const range = rangeOf([0.8, 0.7, 0.9]);
    expect([0.7, 0.8, 0.9].map((score) => placeIn(range, score))).toEqual([0, expect.closeTo(0.5, 6), 1]);
    expect(placeIn(rangeOf([0.5]), 0.5)).toBe(0);
  });
});

function unitOf(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}
