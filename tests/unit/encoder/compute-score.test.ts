import { describe, expect, it } from "vitest";
import type { Score } from "#core/score.ts";
import { denseScore } from "#scoring/dense.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import { fakeEncoder } from "./fake-model.ts";

const ALL = { returnDense: true, returnSparse: true, returnColbertVecs: true };
const PAIRS = [
  ["10 999", "999 10 20"],
  ["10 999", "30"],
  ["40", "30"],
] as const;

describe("computeScore", () => {
  it("scores each pair as its embeddings do", async () => {
    const { encoder } = fakeEncoder();
    const scores = await encoder.computeScore(PAIRS);
    for (const [index, [query, passage]] of PAIRS.entries()) {
      const q = await encoder.encode([query], "query", ALL);
      const p = await encoder.encode([passage], "passage", ALL);
      const dense = denseScore(q.denseVecs![0]!, p.denseVecs![0]!);
      const sparse = computeLexicalMatchingScore(q.lexicalWeights![0]!, p.lexicalWeights![0]!);
      const colbert = colbertScore(q.colbertVecs![0]!, p.colbertVecs![0]!);
      expect(scores.dense[index]).toBeCloseTo(dense, 12);
      expect(scores.sparse[index]).toBeCloseTo(sparse, 12);
      expect(scores.colbert[index]).toBeCloseTo(colbert, 12);
      expect(scores["sparse+dense"][index]).toBeCloseTo((sparse + dense) / 2, 12);
      expect(scores["colbert+sparse+dense"][index]).toBeCloseTo((colbert + sparse + dense) / 3, 12);
    }
    expect(scores.sparse[0]).toBeGreaterThan(0);
  });

  it("takes weights as dense, sparse, colbert", async () => {
    const { encoder } = fakeEncoder();
    const { dense, sparse, colbert, ...combined } = await encoder.computeScore(PAIRS[0], { weightsForDifferentModes: [0.5, 0.2, 0.3] });
    expect(combined["sparse+dense"]).toBeCloseTo((0.2 * sparse + 0.5 * dense) / 0.7, 12);
    expect(combined["colbert+sparse+dense"]).toBeCloseTo(0.3 * colbert + 0.2 * sparse + 0.5 * dense, 12);
  });

  it("gives numbers for a single pair, and its keys in FlagEmbedding's order", async () => {
    const { encoder } = fakeEncoder();
    const single = await encoder.computeScore(PAIRS[0]);
    const list = await encoder.computeScore([PAIRS[0]]);
    expect(Object.keys(single)).toEqual(["colbert", "sparse", "dense", "sparse+dense", "colbert+sparse+dense"]);
    for (const mode of Object.keys(single) as (keyof Score)[]) expect(list[mode]).toEqual([single[mode]]);
  });

  it("takes a list of two pairs for what it is", async () => {
    const { encoder } = fakeEncoder();
    expect((await encoder.computeScore([PAIRS[0], PAIRS[1]])).dense).toHaveLength(2);
  });

  it("encodes each distinct query and passage once, each with its own prompt", async () => {
    const { encoder, session } = fakeEncoder({ prompts: { query: "77: ", passage: "88: 89: " } });
    await encoder.computeScore([...PAIRS, ["30", "30"]]);
    const lengths = session.batches.flatMap((batch) => batch.lengths).sort((a, b) => a - b);
    // Queries "10 999", "40", "30" with one token of prompt, passages "999 10 20" and "30" with two.
    expect(lengths).toEqual([4, 4, 5, 5, 7]);
  });

  it("reads queries and passages to their own lengths", async () => {
    const { encoder, session } = fakeEncoder();
    const long = new Array(900).fill("50").join(" ");
    await encoder.computeScore([long, long], { maxQueryLength: 8 });
    await encoder.computeScore([long, long], { maxPassageLength: 9 });
    expect(session.batches.flatMap(({ lengths }) => lengths)).toEqual([512, 8, 512, 9]);
  });

  it("gives empty lists for no pairs", async () => {
    const { encoder } = fakeEncoder();
    expect(await encoder.computeScore([])).toEqual({ colbert: [], sparse: [], dense: [], "sparse+dense": [], "colbert+sparse+dense": [] });
  });

  it("reports progress of both sides as one", async () => {
    const { encoder } = fakeEncoder();
    const totals = new Set<number>();
    let last = 0;
    await encoder.computeScore(PAIRS, {
      onProgress: ({ loaded, total }) => {
        totals.add(total);
        expect(loaded).toBeGreaterThanOrEqual(last);
        last = loaded;
      },
    });
    expect([...totals]).toEqual([last]);
  });

  it.each([
    ["a string", "10", "pairs"],
    ["a pair of three", [["10", "20", "30"]], "pairs[0]"],
    [
      "a number in a pair",
      [
        ["10", "20"],
        ["10", 5],
      ],
      "pairs[1]",
    ],
  ])("refuses %s", async (_, pairs, path) => {
    const { encoder } = fakeEncoder();
    await expect(encoder.computeScore(pairs as unknown as [string, string][])).rejects.toMatchObject({ code: "invalid-input", fields: { path } });
  });

  it.each([
    ["two weights", { weightsForDifferentModes: [1, 1] }, "options.weightsForDifferentModes"],
    ["a negative weight", { weightsForDifferentModes: [1, -1, 1] }, "options.weightsForDifferentModes"],
    ["weights of nothing", { weightsForDifferentModes: [0, 0, 0] }, "options.weightsForDifferentModes"],
    ["a length of 0", { maxPassageLength: 0 }, "options.maxPassageLength"],
    ["a length without room for the special tokens", { maxQueryLength: 1 }, "options.maxQueryLength"],
    ["encode's option", { maxLength: 5 }, "options.maxLength"],
  ])("refuses %s", async (_, options, path) => {
    const { encoder } = fakeEncoder();
    await expect(encoder.computeScore(PAIRS, options as never)).rejects.toMatchObject({ code: "invalid-input", fields: { path } });
  });
});
