/** The scale of the lexical head beside the dense one. */
import { expect, it } from "vitest";
import { balanceLexical } from "#training/balance-lexical.ts";
import { scoreBatch, type TrainableHeads } from "#training/batch-scores.ts";
import { randomHead } from "#training/head.ts";
import type { TrainingPair } from "#training/pair.ts";
import { Random } from "#training/random.ts";
import { type GivenText, givenStates, lexicalLayers, specialIds } from "./small-batch.ts";

const HIDDEN = 8;
const options = { specialIds, subBatchTokens: 1e6 };

/** Each query shares an id with its passage, so words tell all, and dense vectors of random states nothing. */
function tellingWords() {
  const random = new Random(3);
  const text = (id: number): GivenText => ({
    ids: Int32Array.of(0, 1000 + id, 2),
    skipped: 1,
    states: Float32Array.from({ length: 3 * HIDDEN }, () => 2 * random.uniform() - 1),
  });
  const texts = Array.from({ length: 40 }, (_, index) => text(index >> 1));
  const pairs = Array.from({ length: 20 }, (_, index): TrainingPair => ({ query: 2 * index, positives: [2 * index + 1], negatives: [], group: "" }));
  const lexical = randomHead(lexicalLayers(HIDDEN), new Random(1));
  lexical[0]!.bias[0] = 1.5;
  return { source: givenStates(HIDDEN, texts), pairs, heads: { lexical, colbert: null } satisfies TrainableHeads };
}

it("multiplies all scores by the factor with which dense + 0.1 lexical finds most", async () => {
  const { source, pairs, heads } = tellingWords();
  const batch = { queries: pairs.map(({ query }) => query), passages: pairs.map(({ positives }) => positives[0]!) };
  const { lexical: before, dense } = await scoreBatch(source, batch, heads, options, false);
  const factor = await balanceLexical({ source, train: pairs.slice(0, 12), dev: pairs.slice(12), heads, options });
  expect(factor).toBeGreaterThan(1);
  const { lexical: after } = await scoreBatch(source, batch, heads, options, false);
  for (const [at, score] of after!.entries()) expect(score).toBeCloseTo(factor * before![at]!, 4);
  const found = (scores: Float32Array) =>
    pairs.filter((_, own) => pairs.every((_, other) => other === own || score(scores, own, own) > score(scores, own, other))).length;
  const score = (lexical: Float32Array, query: number, passage: number) => dense[query * 20 + passage]! + 0.1 * lexical[query * 20 + passage]!;
  expect(found(after as Float32Array)).toBeGreaterThan(found(before as Float32Array));
});

it("leaves heads alone that it cannot judge", async () => {
  const { source, pairs, heads } = tellingWords();
  expect(await balanceLexical({ source, train: pairs, dev: [], heads, options })).toBe(1);
  expect(await balanceLexical({ source, train: pairs, dev: pairs, heads: { lexical: null, colbert: null }, options })).toBe(1);
});
