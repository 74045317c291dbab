import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { AdamW, learningRateAt } from "#training/adamw.ts";

const golden: { start: number[]; gradients: number[][]; values: number[][] } = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, "../../oracle/training-goldens.json"), "utf8"),
).adamw;

it("AdamW steps as PyTorch's does, gradients clipped to length 1", () => {
  const values = Float64Array.from(golden.start);
  const gradient = new Float64Array(values.length);
  const optimizer = new AdamW([{ name: "p", shape: [values.length], values, gradient, decays: true }], { weightDecay: 0.1 });
  for (const [index, given] of golden.gradients.entries()) {
    gradient.set(given);
    optimizer.step(index + 1, 0.01);
    // PyTorch divides by the length plus 1e-6.
    for (const [at, value] of values.entries()) expect(value).toBeCloseTo(golden.values[index]![at]!, 7);
    expect([...gradient]).toEqual([0, 0, 0, 0, 0]);
  }
});

it("the learning rate rises in a line and falls in a line", () => {
  const schedule = { steps: 100, warmUpRatio: 0.1, peak: 1 };
  expect([1, 5, 10].map((step) => learningRateAt(step, schedule))).toEqual([0.1, 0.5, 1]);
  expect(learningRateAt(11, schedule)).toBeCloseTo(90 / 91, 12);
  expect(learningRateAt(100, schedule)).toBeCloseTo(1 / 91, 12);
  expect(learningRateAt(1, { ...schedule, warmUpRatio: 0 })).toBe(1);
});
