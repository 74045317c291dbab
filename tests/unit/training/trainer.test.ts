/** The training loop on hidden states in memory. */
import { describe, expect, it } from "vitest";
import type { TrainableHeads } from "#training/batch-scores.ts";
import { parametersOf, randomHead } from "#training/head.ts";
import type { TrainingOptions } from "#training/options.ts";
import type { TrainingPair } from "#training/pair.ts";
import { Random } from "#training/random.ts";
import { type TrainingRun, type TrainingState, trainHeads } from "#training/trainer.ts";
import { colbertLayers, type GivenText, givenStates, lexicalLayers, specialIds } from "./small-batch.ts";

const HIDDEN = 32;

/** Pairs whose texts have nothing in common but one id each, and whose states are random: what is learnt is learnt by heart. */
function randomPairs(count: number) {
  const random = new Random(5);
  const text = (id: number, tokens: number): GivenText => {
    const ids = Int32Array.from({ length: tokens }, (_, token) =>
      token === 0 ? 0 : token === tokens - 1 ? 2 : token === 1 ? 1000 + id : 10 + random.below(30),
    );
    return { ids, skipped: 1, states: Float32Array.from({ length: tokens * HIDDEN }, () => 2 * random.uniform() - 1) };
  };
  const texts = Array.from({ length: 2 * count }, (_, index) => text(index >> 1, index % 2 === 0 ? 6 : 20));
  const pairs = Array.from({ length: count }, (_, index): TrainingPair => ({ query: 2 * index, positives: [2 * index + 1], negatives: [], group: "" }));
  return { pairs, source: givenStates(HIDDEN, texts) };
}

const freshHeads = (seed = 1): TrainableHeads => ({
  lexical: randomHead(lexicalLayers(HIDDEN, 48), new Random(seed, 1)),
  colbert: randomHead(colbertLayers(HIDDEN, 32), new Random(seed, 2)),
});
const numbersOf = ({ lexical, colbert }: TrainableHeads) => [...parametersOf(lexical!), ...parametersOf(colbert!)].map(({ values }) => [...values]);

const { pairs, source } = randomPairs(32);
const options: TrainingOptions = { epochs: 6, batchPairs: 8, devEvery: 5, learningRate: 3e-3, patience: 0 };
const runOf = (heads: TrainableHeads, more: Partial<TrainingRun> = {}): TrainingRun => ({
  source,
  train: pairs.slice(0, 24),
  dev: pairs.slice(24),
  heads,
  specialIds,
  options,
  ...more,
});

describe("training", () => {
  it("learns 32 pairs by heart: every query finds its passage by each head", async () => {
    const heads = freshHeads();
    const result = await trainHeads({ ...runOf(heads), train: pairs, dev: pairs, options: { ...options, epochs: 150, batchPairs: 32, devEvery: 50 } });
    expect(result.dev.at(-1)).toMatchObject({ lexical: 1, colbert: 1, ensemble: 1 });
    expect(result.steps.at(-1)!.loss).toBeLessThan(result.steps[0]!.loss);
  });

  it("gives the same heads for the same seed, others for another", async () => {
    const [one, same, other] = [freshHeads(), freshHeads(), freshHeads()];
    const first = await trainHeads(runOf(one));
    expect(await trainHeads(runOf(same))).toEqual(first);
    expect(numbersOf(same)).toEqual(numbersOf(one));
    await trainHeads(runOf(other, { options: { ...options, seed: 2 } }));
    expect(numbersOf(other)).not.toEqual(numbersOf(one));
  });

  it("keeps the heads of the best dev score", async () => {
    const heads = freshHeads();
    const kept = new Map<number, number[][]>();
    const result = await trainHeads(runOf(heads, { onCheckpoint: ({ step }) => void kept.set(step, numbersOf(heads)) }));
    const best = Math.max(...result.dev.map(({ mean }) => mean));
    expect(result.dev.find(({ step }) => step === result.bestStep)!.mean).toBe(best);
    expect(numbersOf(heads)).toEqual(kept.get(result.bestStep));
  });

  it("keeps those of the last step where it is asked to", async () => {
    const heads = freshHeads();
    let last: number[][] = [];
    const onStep = () => {
      last = numbersOf(heads);
    };
    const result = await trainHeads(runOf(heads, { options: { ...options, keep: "last" }, onStep }));
    expect(result.bestStep).toBe(result.steps.length);
    expect(result.dev.length).toBeGreaterThan(1);
    expect(numbersOf(heads)).toEqual(last);
  });

  it("stops when the dev set gets no better", async () => {
    // Nothing can be learnt with this learning rate.
    const result = await trainHeads(runOf(freshHeads(), { options: { ...options, learningRate: 1e-12, patience: 2 } }));
    expect(result.stoppedEarly).toBe(true);
    expect(result.dev.map(({ step }) => step)).toEqual([0, 5, 10]);
  });

  it("needs two pairs of one group", async () => {
    const lonely = pairs.slice(0, 3).map((pair, index) => ({ ...pair, group: `group ${index}` }));
    await expect(trainHeads(runOf(freshHeads(), { train: lonely }))).rejects.toMatchObject({ code: "invalid-input", fields: { path: "train" } });
  });

  it.each([
    [{ batchPairs: 1 }, "options.batchPairs"],
    [{ epochs: 0 }, "options.epochs"],
    [{ keep: "first" }, "options.keep"],
    [{ temperature: 0 }, "options.temperature"],
    [{ epoch: 3 }, "options.epoch"],
  ])("refuses %j", async (wrong, path) => {
    await expect(trainHeads(runOf(freshHeads(), { options: wrong as TrainingOptions }))).rejects.toMatchObject({ code: "invalid-input", fields: { path } });
  });
});

describe("a run that is broken off", () => {
  it.each([1, 4, 5, 11])("at step %i and taken up again ends with exactly the heads of one that was not", async (stop) => {
    const whole = freshHeads();
    const expected = await trainHeads(runOf(whole));

    const controller = new AbortController();
    const states: TrainingState[] = [];
    const broken = trainHeads(
      runOf(freshHeads(), {
        signal: controller.signal,
        onStep: ({ step }) => step === stop && controller.abort(new Error("enough")),
        onCheckpoint: (state) => void states.push(state),
      }),
    );
    await expect(broken).rejects.toThrow("enough");
    const state = states.at(-1)!;
    expect(state.step).toBe(stop);

    const resumed = freshHeads(99);
    expect(await trainHeads(runOf(resumed, { state }))).toEqual(expected);
    expect(numbersOf(resumed)).toEqual(numbersOf(whole));
  });

  it("is not taken up with other heads", async () => {
    const states: TrainingState[] = [];
    await trainHeads(runOf(freshHeads(), { onCheckpoint: (state) => void states.push(state) }));
    const other = { ...freshHeads(), colbert: randomHead(colbertLayers(HIDDEN, 8), new Random(1)) };
    await expect(trainHeads(runOf(other, { state: states[0] }))).rejects.toMatchObject({ code: "invalid-input", fields: { path: "state" } });
  });
});
