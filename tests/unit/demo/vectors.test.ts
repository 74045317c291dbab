import { describe, expect, it } from "vitest";
import { matchPage, signTables } from "../../../demo/src/ranking/colbert.ts";
import { denseScores } from "../../../demo/src/ranking/dense.ts";
import { lexicalScores, sharedIds } from "../../../demo/src/ranking/lexical.ts";
import { readVectors } from "../../../demo/src/vectors/read.ts";
import { type EmbeddedPage, packPages } from "../../../tools/demo/pack-pages.ts";
import { randomNumbers, unit } from "./random.ts";

const DIM = 128;
const random = randomNumbers(7);

function page(id: string, tokens: number, lexical: Record<string, number>, lineVectors: number[]): EmbeddedPage {
  const rows = Array.from({ length: tokens }, () => [...unit(random, DIM)]);
  return { id, dense: unit(random, 48), lexical, colbert: { data: Float32Array.from(rows.flat()), tokens, dim: DIM }, lineVectors, truncated: id === "b" };
}

const pages = [page("a", 9, { 5: 0.4, 70000: 0.1 }, [0, 3, 9]), page("b", 4, { 5: 0.2, 9: 0.0001 }, [0, 2])];
const bytes = packPages("xx", "f00d", pages);
const vectors = readVectors(bytes.slice().buffer);

describe("a file of page vectors", () => {
  it("gives back what was packed", () => {
    expect(vectors).toMatchObject({ language: "xx", fingerprint: "f00d", pages: ["a", "b"], truncated: [1], denseDim: 48, colbertDim: DIM });
    expect([...vectors.sections.colbertStarts]).toEqual([0, 9, 13]);
    expect([...vectors.sections.lineVectors]).toEqual([0, 3, 9, 0, 2]);
  });

  it("is the same for the same pages", () => {
    expect(packPages("xx", "f00d", pages)).toEqual(bytes);
  });

  it("is refused when it is something else", () => {
    expect(() => readVectors(new TextEncoder().encode("<!doctype html><title>404</title>").buffer)).toThrow("not a file of page vectors");
  });
});

describe("scores of compressed vectors", () => {
  it("dense: the cosine within 0.01", () => {
    const query = unit(random, 48);
    const scores = denseScores(query, vectors);
    for (const [index, { dense }] of pages.entries()) expect(scores[index]).toBeCloseTo(dot(query, dense), 2);
  });

  it("lexical: products of the weights of shared ids", () => {
    const scores = lexicalScores({ 5: 0.5, 70000: 1, 123: 9 }, vectors);
    expect(scores[0]).toBeCloseTo(0.5 * 0.4 + 0.1, 2);
    expect(scores[1]).toBeCloseTo(0.5 * 0.2, 2);
    expect(sharedIds({ 5: 0.5, 70000: 1, 123: 9 }, 0, vectors)).toEqual([5, 70000]);
    expect(sharedIds({ 5: 0.5, 70000: 1, 123: 9 }, 1, vectors)).toEqual([5]);
  });

  it("ColBERT: the mean over the question of the best product with a page's signs, page by page and line by line", () => {
    const query = { data: Float32Array.from([...unit(random, DIM), ...unit(random, DIM)]), tokens: 2, dim: DIM };
    const match = matchPage(signTables(query), 0, vectors);
    expect(match.score).toBeCloseTo(byHand(query.data, 0, 9), 5);
    expect(match.lines[0]).toBeCloseTo(byHand(query.data, 0, 3), 5);
    expect(match.lines[1]).toBeCloseTo(byHand(query.data, 3, 9), 5);
    expect(match.lines[2], "a line without vectors").toBe(Number.NEGATIVE_INFINITY);
  });

  it("ColBERT: near 1 for a question that is the page", () => {
    const match = matchPage(signTables(pages[1]!.colbert), 1, vectors);
    expect(match.score).toBeCloseTo(1, 1);
  });
});

/** Vectors [start, end) of page a, with loops and no tables. */
function byHand(query: Float32Array, start: number, end: number): number {
  const { data } = pages[0]!.colbert;
  const best = [0, 1].map((token) => {
    const q = query.subarray(token * DIM, (token + 1) * DIM);
    const products = Array.from({ length: end - start }, (_, i) =>
      dot(
        q,
        data.subarray((start + i) * DIM, (start + i + 1) * DIM).map((v) => (v >= 0 ? 1 : -1)),
      ),
    );
    return Math.max(...products) * vectors.colbertScale;
  });
  return (best[0]! + best[1]!) / 2;
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
