import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchBytes, paddingRatio, planBatches } from "#encoder/batching.ts";

const preference = (tokenBudget: number, maxTexts: number, maxPadding: number) => ({ tokenBudget, maxTexts, maxPadding });

describe("planBatches", () => {
  it("sorts by length, longest first, and keeps equal lengths in order", () => {
    expect(planBatches([3, 9, 3, 9, 5], preference(100, 8, 0))).toEqual([[1, 3], [4], [0, 2]]);
  });

  it("keeps to the token budget, padding included, but lets a longer text go alone", () => {
    expect(planBatches([10, 10, 10], preference(20, 8, 0))).toEqual([[0, 1], [2]]);
    expect(planBatches([500, 4, 4], preference(20, 8, 0))).toEqual([[0], [1, 2]]);
    expect(planBatches([10, 9, 9], preference(29, 8, 1))).toEqual([[0, 1], [2]]);
  });

  it("ends a group where padding would cost more than allowed", () => {
    expect(planBatches([10, 9, 8], preference(100, 8, 0.1))).toEqual([[0, 1], [2]]);
    expect(planBatches([10, 9, 8], preference(100, 8, 0.2))).toEqual([[0, 1, 2]]);
  });

  it("ends a group where memory would cost more than allowed, attention included", () => {
    const memory = { budgetBytes: 100_000, bytesPerToken: 100, bytesPerPair: 1, longText: 400, queriesAtATime: 50 };
    // 100 tokens take 10 kB and 10 kB of scores, 200 tokens 20 kB and 40 kB, 500 tokens 50 kB and 25 kB.
    expect(planBatches(Array(6).fill(100), { ...preference(10_000, 8, 0), memory })).toEqual([[0, 1, 2, 3, 4], [5]]);
    expect(planBatches([200, 200], { ...preference(10_000, 8, 0), memory })).toEqual([[0], [1]]);
    expect(batchBytes(1, 500, memory)).toBe(75_000);
    expect(planBatches([200, 200], { ...preference(10_000, 8, 0), memory: { ...memory, budgetBytes: 1 } })).toEqual([[0], [1]]);
  });

  it("has no batch for no texts", () => {
    expect(planBatches([], preference(100, 8, 0.1))).toEqual([]);
    expect(paddingRatio([], [])).toBe(1);
  });

  it("puts every text into one batch, under all three limits", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 600 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 0.02, 0.1, 1),
        (lengths, tokenBudget, maxTexts, maxPadding) => {
          const batches = planBatches(lengths, { tokenBudget, maxTexts, maxPadding });
          expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
          for (const batch of batches) {
            expect(batch.length).toBeLessThanOrEqual(maxTexts);
            if (batch.length > 1) expect(Math.max(...batch.map((index) => lengths[index]!)) * batch.length).toBeLessThanOrEqual(tokenBudget);
            expect(paddingRatio(lengths, [batch])).toBeLessThanOrEqual(1 + maxPadding + 1e-9);
          }
          expect(paddingRatio(lengths, batches)).toBeLessThanOrEqual(1 + maxPadding + 1e-9);
        },
      ),
    );
  });
});
