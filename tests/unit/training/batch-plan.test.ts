import { describe, expect, it } from "vitest";
import { drawBatch, planEpoch } from "#training/batch-plan.ts";
import type { TrainingPair } from "#training/pair.ts";
import { givenStates } from "./small-batch.ts";

/** Texts 0 to 99 are queries, 100 to 299 passages, every fourth of them long. */
const texts = Array.from({ length: 300 }, (_, text) => ({
  ids: new Int32Array(text >= 100 && text % 4 === 0 ? 500 : 20),
  skipped: 1,
  states: new Float32Array(0),
}));
const source = givenStates(1, texts);
const options = { batchPairs: 8, batchTokens: 1024, hardNegatives: 1, seed: 1 };
const pair = (index: number, more: Partial<TrainingPair> = {}): TrainingPair => ({
  query: index,
  positives: [100 + index],
  negatives: [],
  group: index < 50 ? "de" : "en",
  ...more,
});

describe("the batches of an epoch", () => {
  const pairs = Array.from({ length: 100 }, (_, index) => pair(index));
  const plan = planEpoch(pairs, source, 0, options);

  it("have every pair once", () => expect(plan.flat().sort((a, b) => a - b)).toEqual(pairs.map((_, index) => index)));

  it("are of one group, of at most the pairs that were asked for (and one that found no company), and of fewer where texts are long", () => {
    for (const batch of plan) {
      expect(new Set(batch.map((index) => pairs[index]!.group)).size).toBe(1);
      expect(batch.length).toBeGreaterThanOrEqual(2);
      expect(batch.length).toBeLessThanOrEqual(9);
      if (batch.every((index) => index % 4 === 0)) expect(batch.length).toBeLessThanOrEqual(3);
    }
  });

  it("are the same for the same seed and epoch, others for others", () => {
    expect(planEpoch(pairs, source, 0, options)).toEqual(plan);
    expect(planEpoch(pairs, source, 1, options)).not.toEqual(plan);
    expect(planEpoch(pairs, source, 0, { ...options, seed: 2 })).not.toEqual(plan);
  });
});

describe("a batch", () => {
  it("has each passage once, hard negatives among them", () => {
    const batch = drawBatch([pair(0, { negatives: [101] }), pair(1, { negatives: [150, 151] })], [0, 1], 0, options);
    expect(batch.passages.slice(0, 2)).toEqual([100, 101]);
    expect(batch.passages).toHaveLength(3);
    expect(Array.from(batch.positives)).toEqual([0, 1]);
    expect([...batch.masked]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(batch.teacher).toBeNull();
  });

  it("leaves out what a query should find as well: its other positives, and those of pairs with the same id", () => {
    const pairs = [pair(0, { positives: [100, 200], id: "page" }), pair(1, { id: "page" }), pair(2, { positives: [200] })];
    const batch = drawBatch(pairs, [0, 1, 2], 0, options);
    for (const [query, own] of pairs.entries()) {
      for (const [place, text] of batch.passages.entries()) {
        const isRight = own.positives.includes(text) || (own.id !== undefined && pairs.some((other) => other.id === own.id && other.positives.includes(text)));
        const isTarget = batch.positives[query] === place;
        // Pair 0 may have drawn text 200, which is then a positive of the id "page".
        if (!isTarget)
          expect([query, text, batch.masked[query * batch.passages.length + place]]).toEqual([
            query,
            text,
            isRight && isDrawnRight(pairs, batch, own, text) ? 1 : 0,
          ]);
      }
    }
  });

  it("has a teacher's distribution over the query's own passages when all pairs have scores", () => {
    const scored = [0, 1].map((index) => pair(index, { negatives: [150 + index], positiveScores: [2], negativeScores: [1] }));
    const { teacher, passages } = drawBatch(scored, [0, 1], 0, options);
    const share = 1 / (1 + Math.exp(-1));
    expect(passages).toEqual([100, 101, 150, 151]);
    expect([...teacher!].map((value) => Number(value.toFixed(6)))).toEqual(
      [share, 0, 1 - share, 0, 0, share, 0, 1 - share].map((value) => Number(value.toFixed(6))),
    );
    expect(drawBatch([scored[0]!, pair(1)], [0, 1], 0, options).teacher).toBeNull();
  });
});

/** Right by the pair's own list, or because a pair of the same id has drawn it. */
function isDrawnRight(pairs: readonly TrainingPair[], batch: ReturnType<typeof drawBatch>, own: TrainingPair, text: number): boolean {
  if (own.positives.includes(text)) return true;
  return pairs.some((other, query) => other.id === own.id && batch.passages[batch.positives[query]!] === text);
}
