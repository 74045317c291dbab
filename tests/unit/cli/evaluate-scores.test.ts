/** The parts of an evaluation against plain reckoning: exact scores, scores of an index, rankings of a table, and vectors through a file. */
import { describe, expect, it } from "vitest";
import { addExactScores } from "#cli/commands/evaluate/exact-scores.ts";
import { MeasuredIndex } from "#cli/commands/evaluate/index-scores.ts";
import { ScoreTable, type System } from "#cli/commands/evaluate/score-table.ts";
import { packVectors, type TextVectors, unpackVectors } from "#cli/commands/evaluate/vector-file.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import { resolveWeights, type WeightChoice } from "#search/fusion.ts";

/** Numbers from -1 to 1, the same for the same seed. */
function numbersFrom(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function unitVector(dim: number, next: () => number): Float32Array {
  const vector = Float32Array.from({ length: dim }, next);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function makeVectors(seed: number, tokens: number): TextVectors {
  const next = numbersFrom(seed);
  const data = new Float32Array(tokens * 24);
  for (let token = 0; token < tokens; token++) data.set(unitVector(24, next), token * 24);
  const lexical = Object.fromEntries(Array.from({ length: 6 }, () => [Math.floor((next() + 1) * 20), Math.fround(Math.abs(next()) + 0.1)]));
  return { dense: unitVector(40, next), lexical, colbert: { data, tokens, dim: 24 }, truncated: seed % 3 === 0 };
}

const documents = Array.from({ length: 30 }, (_, index) => makeVectors(index + 1, (index % 7) + 1));
const queries = Array.from({ length: 5 }, (_, index) => makeVectors(index + 100, index + 1));
const system = (choice: WeightChoice, fusion: System["fusion"] = "weights"): System => ({ name: "", weights: resolveWeights(choice), fusion });

async function exactTable(): Promise<ScoreTable> {
  const table = new ScoreTable(queries.length, documents.length);
  const kernels = await Kernels.create();
  await addExactScores(table, kernels, queries, documents.slice(0, 13), 0);
  await addExactScores(table, kernels, queries, documents.slice(13), 13);
  return table;
}

describe("scores", () => {
  it("are those of the plain functions, exact", async () => {
    const table = await exactTable();
    expect(table.signals).toEqual(["dense", "lexical", "colbert"]);
    for (const [place, query] of queries.entries()) {
      for (const [index, document] of documents.entries()) {
        const at = place * documents.length + index;
        const dense = query.dense.reduce((sum, value, number) => sum + value * document.dense[number]!, 0);
        expect(table.column("dense")[at]).toBeCloseTo(dense, 5);
        expect(table.column("lexical")[at]).toBeCloseTo(computeLexicalMatchingScore(query.lexical!, document.lexical!), 5);
        expect(table.column("colbert")[at]).toBeCloseTo(colbertScore(query.colbert!, document.colbert!), 5);
      }
    }
  });

  it.each([
    ["int8", 0.01],
    ["bits", 0.35],
  ] as const)("are about the same in an index of %s, for every document", async (form, colbertTolerance) => {
    const exact = await exactTable();
    const index = await MeasuredIndex.open(documents[0]!, form, await Kernels.create());
    const words = (seed: number) => Uint32Array.from([seed % 5, seed % 3, 7]);
    const named = documents.map((vectors, place) => ({ ...vectors, id: `d${place}`, words: words(place) }));
    await index.add(named.slice(0, 11));
    await index.add(named.slice(11));
    expect(index.bytes).toBeGreaterThan(0);
    const table = new ScoreTable(queries.length, documents.length);
    for (const [place, query] of queries.entries()) await index.addScores(table, place, { ...query, words: words(place) });
    for (const [signal, tolerance] of [
      ["dense", 0.01],
      ["lexical", 0.05],
      ["colbert", colbertTolerance],
    ] as const) {
      const differences = Array.from(table.column(signal), (score, at) => Math.abs(score - exact.column(signal)[at]!));
      expect(Math.max(...differences), signal).toBeLessThan(tolerance);
    }
    expect(table.column("bm25").every((score) => score > 0 && score < 1)).toBe(true);
    await index.close();
  });
});

describe("a table's rankings", () => {
  const table = new ScoreTable(2, 4);
  table.column("dense").set([0.5, 0.9, 0.5, -0.1, 0.1, 0.2, 0.3, 0.4]);
  table.column("lexical").set([0, 0, 2, 0, 1, 0, 0, 0]);

  it("put the later of equal documents first, and leave out what no signal knows", () => {
    expect(table.rank(0, system([1, 0, 0]), 10)).toEqual([1, 2, 0, 3]);
    expect(table.rank(0, system([1, 0, 0]), 2)).toEqual([1, 2]);
    expect(table.rank(0, system([0, 1, 0]), 10)).toEqual([2]);
    expect(table.rank(1, system([0, 1, 0]), 10)).toEqual([0]);
  });

  it("add weighted scores, or reciprocal ranks", () => {
    expect(table.rank(0, system([1, 0.1, 0]), 10)).toEqual([1, 2, 0, 3]);
    expect(table.rank(0, system([1, 1, 0]), 10)).toEqual([2, 1, 0, 3]);
    // Ranks by dense: 1, 0 and 2 alike, then nothing for a score below 0; by lexical only 2.
    expect(table.rank(0, system([1, 1, 0], "rrf"), 10)).toEqual([2, 1, 0, 3]);
    expect(table.rank(1, system([1, 1, 0], "rrf"), 10)).toEqual([0, 3, 2, 1]);
  });

  it("need the signals of a system's weights", () => {
    expect(table.supports(system([1, 1, 0]))).toBe(true);
    expect(table.supports(system([1, 1, 1]))).toBe(false);
    expect(table.supports(system([0, 0, 0, 1]))).toBe(false);
  });
});

describe("a file of vectors", () => {
  it("gives back every number", () => {
    const restored = unpackVectors(new Uint8Array(packVectors(documents)), documents.length)!;
    expect(restored).toEqual(documents);
    const headless = documents.map(({ dense, truncated }) => ({ dense, lexical: null, colbert: null, truncated }));
    expect(unpackVectors(new Uint8Array(packVectors(headless)), headless.length)).toEqual(headless);
    expect(unpackVectors(new Uint8Array(packVectors([])), 0)).toEqual([]);
  });

  it("is nothing when it is cut, longer, another kind's or of other texts", () => {
    const bytes = new Uint8Array(packVectors(documents));
    for (let length = 0; length < bytes.length; length += 97) expect(unpackVectors(bytes.slice(0, length), documents.length), String(length)).toBeNull();
    expect(unpackVectors(new Uint8Array([...bytes, 0]), documents.length)).toBeNull();
    expect(unpackVectors(bytes, documents.length - 1)).toBeNull();
    expect(unpackVectors(new TextEncoder().encode('{"not": "vectors"}'), 1)).toBeNull();
  });
});
