/** Gradients by hand against finite differences, in float64: the loss of a whole batch, through both heads. */
import { describe, expect, it } from "vitest";
import type { TrainableHeads } from "#training/batch-scores.ts";
import { parametersOf } from "#training/head.ts";
import { REFERENCE_WEIGHTS } from "#training/loss.ts";
import { accumulateGradients, type Batch, type ObjectiveOptions } from "#training/objective.ts";
import { Random } from "#training/random.ts";
import { colbertLayers, givenStates, lexicalLayers, random64, randomTexts, specialIds } from "./small-batch.ts";

const HIDDEN = 6;
const STEP = 1e-6;
const texts = randomTexts(new Random(1), 9, { hiddenSize: HIDDEN, tokens: 9, vocabulary: 8 });
const source = givenStates(HIDDEN, texts);
const masked = new Uint8Array(18);
masked[4] = 1;
const batch: Batch = { queries: [0, 1, 2], passages: [3, 4, 5, 6, 7, 8], positives: [0, 2, 4], masked };
const options: ObjectiveOptions = { temperature: 0.1, distills: false, weights: REFERENCE_WEIGHTS, specialIds, subBatchTokens: 1e6 };

const headsOf = (middle?: number, inputs = HIDDEN): TrainableHeads => ({
  lexical: random64(lexicalLayers(inputs, middle), 2),
  colbert: random64(colbertLayers(inputs, 4), 3),
});
const parameters = ({ lexical, colbert }: TrainableHeads) => [...(lexical ? parametersOf(lexical) : []), ...(colbert ? parametersOf(colbert) : [])];

/** The largest error of any gradient, relative to the longest. */
async function largestError(heads: TrainableHeads, used: ObjectiveOptions, loss: () => Promise<number>): Promise<number> {
  await accumulateGradients(source, batch, heads, used);
  const all = parameters(heads).map(({ gradient }) => gradient.slice());
  const scale = Math.max(...all.flatMap((gradient) => [...gradient].map(Math.abs)));
  expect(scale).toBeGreaterThan(1e-3);
  let worst = 0;
  for (const [index, { values }] of parameters(heads).entries()) {
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      values[at] = value + STEP;
      const above = await loss();
      values[at] = value - STEP;
      const below = await loss();
      values[at] = value;
      worst = Math.max(worst, Math.abs((above - below) / (2 * STEP) - all[index]![at]!) / scale);
    }
  }
  return worst;
}

describe.each([
  ["a linear lexical head", undefined, HIDDEN],
  ["a lexical head with a hidden layer", 5, HIDDEN],
  ["a lexical head with a hidden layer on last and first states", 5, 2 * HIDDEN],
])("gradients of %s and a ColBERT head on the same", (_, middle, inputs) => {
  it("are those of InfoNCE, as finite differences find them", async () => {
    const heads = headsOf(middle, inputs);
    expect(await largestError(heads, options, async () => (await accumulateGradients(source, batch, heads, options)).loss)).toBeLessThan(1e-6);
  });

  it("are those of self-knowledge distillation, with the teacher held fast", async () => {
    const heads = headsOf(middle, inputs);
    const distilling = { ...options, distills: true };
    const { teacher } = await accumulateGradients(source, batch, headsOf(middle, inputs), distilling);
    const loss = async () => (await accumulateGradients(source, { ...batch, fixedTeacher: teacher }, heads, distilling)).loss;
    expect(await largestError(heads, distilling, loss)).toBeLessThan(1e-6);
  });

  it("do not depend on how the batch is cut into sub-batches", async () => {
    const [whole, cut] = [headsOf(middle, inputs), headsOf(middle, inputs)];
    const first = await accumulateGradients(source, batch, whole, { ...options, distills: true });
    const second = await accumulateGradients(source, batch, cut, { ...options, distills: true, subBatchTokens: 12 });
    expect(second.loss).toBeCloseTo(first.loss, 12);
    for (const [index, { gradient }] of parameters(cut).entries()) {
      const expected = parameters(whole)[index]!.gradient;
      for (let at = 0; at < gradient.length; at++) expect(gradient[at]).toBeCloseTo(expected[at]!, 10);
    }
  });
});

it("a head that is not trained takes no part", async () => {
  const heads = { lexical: headsOf().lexical, colbert: null };
  expect((await accumulateGradients(source, batch, { lexical: headsOf().lexical, colbert: null }, options)).colbert).toBeNull();
  expect(await largestError(heads, options, async () => (await accumulateGradients(source, batch, heads, options)).loss)).toBeLessThan(1e-6);
});
