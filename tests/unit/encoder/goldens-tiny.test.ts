/** The whole way from text to three heads and pair scores against FlagEmbedding itself, on a small model with formula weights, in float32. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Score } from "#core/score.ts";
import { buildTiny } from "../../../tools/models/build-tiny.ts";
import { differencesFrom, type GoldenText, openEncoder, readGoldens } from "./open-encoder.ts";

const TOLERANCE = 1e-4;
const ALL = { returnDense: true, returnSparse: true, returnColbertVecs: true };

interface GoldenPair extends Score {
  readonly query: string;
  readonly passage: string;
  readonly weights: [number, number, number];
}

const goldens = readGoldens<{ max_length: number; texts: GoldenText[]; pairs: GoldenPair[] }>("goldens-tiny.json");
let model: Awaited<ReturnType<typeof openEncoder>>;

beforeAll(async () => {
  model = await openEncoder(await buildTiny("fp32"), "fp32");
});
afterAll(() => model.session.dispose());

describe("goldens-tiny in float32", () => {
  it.each(goldens.texts.map((golden, index) => [index, golden] as const))("text %i: every number of the three heads", async (_, golden) => {
    const embeddings = await model.encoder.encode([golden.text], "passage", { ...ALL, maxLength: goldens.max_length });
    const { dense, lexical, colbert, ...shape } = differencesFrom(golden, embeddings, 0);
    expect(shape).toEqual({ tokens: golden.ids.length, truncated: golden.untruncated_length > golden.ids.length, colbertRows: golden.colbert_rows });
    expect(dense).toBeLessThanOrEqual(TOLERANCE);
    expect(lexical).toBeLessThanOrEqual(TOLERANCE);
    expect(colbert).toBeLessThanOrEqual(TOLERANCE);
  });

  it("all texts in one call, in their order", async () => {
    const embeddings = await model.encoder.encode(
      goldens.texts.map(({ text }) => text),
      "passage",
      { ...ALL, maxLength: goldens.max_length },
    );
    for (const [index, golden] of goldens.texts.entries()) {
      const { dense, lexical, colbert } = differencesFrom(golden, embeddings, index);
      expect(Math.max(dense, lexical, colbert)).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it("scores of pairs, as lists and one by one", async () => {
    const pairs = goldens.pairs.map(({ query, passage }) => [query, passage] as const);
    const scores = await model.encoder.computeScore(pairs, { weightsForDifferentModes: goldens.pairs[0]!.weights });
    for (const [index, { query, passage, weights, ...expected }] of goldens.pairs.entries()) {
      const single = await model.encoder.computeScore([query, passage], { weightsForDifferentModes: weights });
      for (const mode of ["colbert", "sparse", "dense", "sparse+dense", "colbert+sparse+dense"] as const) {
        expect(Math.abs(scores[mode][index]! - expected[mode])).toBeLessThanOrEqual(TOLERANCE);
        expect(Math.abs(single[mode] - expected[mode])).toBeLessThanOrEqual(TOLERANCE);
      }
    }
  });
});
