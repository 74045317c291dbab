/** The shipped artefact of m3-mini against PyTorch in float32: prompts, mean pooling, three heads; in float32, and as it runs by default. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embeddings } from "#core/embedding.ts";
import { runSelfTest } from "#encoder/self-test.ts";
import { colbertRow, cosine, differencesFrom, type GoldenText, largestDifference, M3_MINI, openEncoder, readGoldens } from "./open-encoder.ts";

const ALL = { returnDense: true, returnSparse: true, returnColbertVecs: true };
const { texts } = readGoldens<{ texts: GoldenText[] }>("goldens-mini.json");
type Model = Awaited<ReturnType<typeof openEncoder>>;

async function encodeGoldens({ encoder }: Model): Promise<Embeddings[]> {
  const results: Embeddings[] = [];
  for (const { text, kind } of texts) results.push(await encoder.encode([text], kind!, ALL));
  return results;
}

/** The ids of the five heaviest weights. */
const topFive = (weights: Readonly<Record<string, number>>) =>
  Object.entries(weights)
    .sort(([, first], [, second]) => second - first)
    .slice(0, 5)
    .map(([id]) => id);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("goldens-mini in float32", () => {
  let model: Model;
  let results: Embeddings[];
  beforeAll(async () => {
    model = await openEncoder(M3_MINI, "fp32");
    results = await encodeGoldens(model);
  });
  afterAll(() => model.session.dispose());

  it.each(texts.map((golden, index) => [index, golden] as const))("text %i: every number of the three heads to 1e-3", (index, golden) => {
    const { dense, lexical, colbert, ...shape } = differencesFrom(golden, results[index]!, 0);
    expect(shape).toEqual({ tokens: golden.ids.length, truncated: golden.untruncated_length > golden.ids.length, colbertRows: golden.colbert_rows });
    expect(dense).toBeLessThanOrEqual(1e-3);
    expect(lexical).toBeLessThanOrEqual(1e-3);
    expect(colbert).toBeLessThanOrEqual(1e-3);
  });

  it("the same text, the same numbers to 1e-5, whatever it was batched with", async () => {
    const pages = readFileSync(path.resolve(import.meta.dirname, "../../../corpus/gnome-help/ko.jsonl"), "utf8")
      .split("\n")
      .slice(0, 12);
    // Short enough that some have the same number of tokens, and so share a batch.
    const passages = pages.flatMap((line) => {
      const { body } = JSON.parse(line) as { body: string };
      return [body.slice(0, 30), body.slice(0, 60), body.slice(0, 90)];
    });
    const together = await model.encoder.encode(passages, "passage", ALL);
    expect(new Set(together.tokenCounts).size).toBeLessThan(passages.length - 5);
    for (const [index, passage] of passages.entries()) {
      const alone = await model.encoder.encode([passage], "passage", ALL);
      expect(Object.keys(together.lexicalWeights![index]!)).toEqual(Object.keys(alone.lexicalWeights![0]!));
      expect(largestDifference(together.denseVecs![index]!, alone.denseVecs![0]!)).toBeLessThanOrEqual(1e-5);
      expect(largestDifference(Object.values(together.lexicalWeights![index]!), Object.values(alone.lexicalWeights![0]!))).toBeLessThanOrEqual(1e-5);
      expect(largestDifference(together.colbertVecs![index]!.data, alone.colbertVecs![0]!.data)).toBeLessThanOrEqual(1e-5);
    }
  });

  it("passes its own self-test", async () => {
    const { passed, worstCosine } = await runSelfTest(model.session, model.embeddings, model.manifest);
    expect(passed).toBe(true);
    expect(worstCosine).toBeGreaterThan(0.99999);
  });
});

describe("goldens-mini as it runs by default", () => {
  let model: Model;
  let results: Embeddings[];
  beforeAll(async () => {
    model = await openEncoder(M3_MINI, "default");
    results = await encodeGoldens(model);
  });
  afterAll(() => model.session.dispose());

  it("dense vectors: mean cosine 0.998 or better", () => {
    expect(mean(texts.map(({ dense }, index) => cosine(results[index]!.denseVecs![0]!, dense)))).toBeGreaterThanOrEqual(0.998);
  });

  it("ColBERT vectors: cosine of a token 0.996 or better on average, 0.985 at worst", () => {
    const cosines = texts.flatMap(({ colbert }, index) => colbert.map((row, token) => cosine(colbertRow(results[index]!, 0, token), row)));
    expect(mean(cosines)).toBeGreaterThanOrEqual(0.996);
    expect(Math.min(...cosines)).toBeGreaterThanOrEqual(0.985);
  });

  it("lexical weights: 95 % of the five heaviest kept", () => {
    const overlaps = texts.flatMap(({ lexical }, index) => {
      const expected = topFive(lexical);
      const actual = topFive(results[index]!.lexicalWeights![0]!);
      return expected.length === 0 ? [] : [expected.filter((id) => actual.includes(id)).length / expected.length];
    });
    expect(mean(overlaps)).toBeGreaterThanOrEqual(0.95);
  });

  it("passes its own self-test", async () => {
    expect(await runSelfTest(model.session, model.embeddings, model.manifest)).toMatchObject({ passed: true });
  });
});
