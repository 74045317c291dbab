/** Heads that are there already learn from pairs, are judged by pairs that were held out, and go on where they were broken off. */
import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "#core/progress.ts";
import { adaptationOptions, adaptHeads } from "#training/adaptation.ts";
import type { TrainableHeads } from "#training/batch-scores.ts";
import { decodeCheckpoint, encodeCheckpoint } from "#training/checkpoint.ts";
import { evaluateHeads, judge } from "#training/evaluate-heads.ts";
import { headTensors, newHeads } from "#training/new-heads.ts";
import { resolveTrainingOptions } from "#training/options.ts";
import type { TrainingPair } from "#training/pair.ts";
import { Random } from "#training/random.ts";
import { FEWEST_SUBJECTS, splitPairs } from "#training/split.ts";
import type { TrainingState } from "#training/trainer.ts";
import { type GivenText, givenStates, specialIds } from "./small-batch.ts";

const HIDDEN = 16;
const SHAPES = { lexicalHidden: null, colbertDim: 8 };

/** Queries and passages about so many subjects: both have a direction of their subject, in noise that a head can learn to leave out. */
function subjects(count: number, perSubject = 2) {
  const random = new Random(7);
  const half = HIDDEN / 2;
  const directions = Array.from({ length: count }, () => Float32Array.from({ length: half }, () => 2 * random.uniform() - 1));
  const texts: GivenText[] = [];
  const text = (subject: number): number => {
    const length = 4;
    const states = Float32Array.from({ length: length * HIDDEN }, (_, at) => {
      const column = at % HIDDEN;
      return column < half ? directions[subject]![column]! + 0.3 * (2 * random.uniform() - 1) : 3 * (2 * random.uniform() - 1);
    });
    return texts.push({ ids: Int32Array.of(0, 10 + random.below(20), 10 + random.below(20), 2), skipped: 1, states }) - 1;
  };
  const pairs: TrainingPair[] = Array.from({ length: count }, (_, subject) =>
    Array.from({ length: perSubject }, () => ({ query: text(subject), positives: [text(subject)], negatives: [], id: `subject ${subject}`, group: "" })),
  ).flat();
  return { source: givenStates(HIDDEN, texts), pairs };
}

const heads = () => newHeads(HIDDEN, SHAPES, 3);
const training = { epochs: 6, learningRate: 0.02, batchPairs: 16, seed: 1 };

function run(changes: Partial<Parameters<typeof adaptHeads>[0]> = {}) {
  const { source, pairs } = subjects(60);
  const given = heads();
  const split = splitPairs(pairs, 0.2, 1, "pairs");
  return { heads: given, split, done: adaptHeads({ source, split, heads: given, specialIds, training, ...changes }) };
}

const numbers = (trained: TrainableHeads) => headTensors(trained).map(({ name, values }) => [name, [...values]]);

describe("splitting pairs", () => {
  it("keeps the pairs of a subject together, and every part has some", () => {
    const { pairs } = subjects(FEWEST_SUBJECTS, 3);
    for (const share of [0.05, 0.2, 0.5]) {
      const { train, dev, heldOut } = splitPairs(pairs, share, 1, "pairs");
      const ids = [train, dev, heldOut].map((part) => new Set(part.map(({ id }) => id)));
      expect(train.length + dev.length + heldOut.length).toBe(pairs.length);
      expect(ids.map(({ size }) => size).reduce((sum, size) => sum + size)).toBe(FEWEST_SUBJECTS);
      for (const { size } of ids) expect(size).toBeGreaterThan(1);
    }
  });

  it("refuses too few subjects, however many pairs there are of them", () => {
    const { pairs } = subjects(FEWEST_SUBJECTS - 1, 20);
    expect(() => splitPairs(pairs, 0.2, 1, "index")).toThrow(
      expect.objectContaining({ code: "invalid-input", message: expect.stringMatching(/^index must be pairs about at least 10 different things/) }),
    );
  });
});

describe("adapting heads", () => {
  it("makes them better on pairs that it did not learn from, and tells how it went", async () => {
    const events: ProgressEvent[] = [];
    const { before, after, training: result } = await run({ onProgress: (event) => events.push(event) }).done;
    expect(after.dense).toEqual(before.dense);
    expect(after.colbert!.mrr).toBeGreaterThan(before.colbert!.mrr + 0.1);
    expect(judge(after)).toBeGreaterThan(judge(before));
    expect(after.lexical).toBeNull();
    for (const { mrr, ndcg10 } of [after.dense, after.colbert!, after.combined]) {
      expect(mrr).toBeGreaterThan(0);
      expect(ndcg10).toBeGreaterThanOrEqual(mrr * 0.9);
    }
    expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(["evaluate", "train"]));
    expect(events.every(({ loaded, total }) => loaded <= total)).toBe(true);
    const points = events.flatMap(({ training: point }) => point ?? []);
    expect(points.filter(({ losses }) => losses).map(({ step }) => step)).toEqual(result.steps.map(({ step }) => step));
    expect(points.filter(({ dev }) => dev).map(({ step }) => step)).toEqual(result.dev.map(({ step }) => step));
    expect(events.filter(({ training: point }) => point?.losses).every(({ remainingMs }) => Number.isFinite(remainingMs))).toBe(true);
  });

  it("gives the same heads for the same seed, and others for another", async () => {
    const [one, two, other] = [run(), run(), run({ training: { ...training, seed: 2 } })];
    await Promise.all([one.done, two.done, other.done]);
    expect(numbers(two.heads)).toEqual(numbers(one.heads));
    expect(numbers(other.heads)).not.toEqual(numbers(one.heads));
  });

  it("goes on where it was aborted, to the heads of a run that was not", async () => {
    const whole = run();
    const { before } = await whole.done;
    const controller = new AbortController();
    let kept: Uint8Array | undefined;
    const broken = run({
      signal: controller.signal,
      onCheckpoint: async (state: TrainingState) => {
        kept = encodeCheckpoint({ run: "one", state });
      },
      onProgress: ({ phase, loaded }) => phase === "train" && loaded === 7 && controller.abort(),
    });
    await expect(broken.done).rejects.toMatchObject({ name: "AbortError" });
    const { run: name, state } = decodeCheckpoint(kept!);
    expect([name, state.step]).toEqual(["one", 7]);
    const again = run({ state });
    const resumed = await again.done;
    expect(numbers(again.heads)).toEqual(numbers(whole.heads));
    expect(resumed.before).toEqual(before);
    expect(resumed.training.steps.map(({ step }) => step)).toEqual((await whole.done).training.steps.map(({ step }) => step));
  });

  it("is stopped while it evaluates, too", async () => {
    const controller = new AbortController();
    const { done } = run({ signal: controller.signal, onProgress: ({ phase }) => phase === "evaluate" && controller.abort() });
    await expect(done).rejects.toMatchObject({ name: "AbortError" });
  });

  it("scores the dev pairs about a dozen times, however short the run", () => {
    expect(adaptationOptions({}, 20).devEvery).toBe(1);
    expect(adaptationOptions({ epochs: 12, batchPairs: 10 }, 1000).devEvery).toBe(100);
    expect(adaptationOptions({ devEvery: 3, epochs: undefined }, 1000)).toMatchObject({ devEvery: 3, epochs: 4 });
  });
});

describe("evaluating heads", () => {
  const options = { ...resolveTrainingOptions({}), specialIds };

  it("counts a tie as lost: a head of zeros is worth nothing", async () => {
    const { source, pairs } = subjects(12, 1);
    const dead = heads();
    for (const { weight, bias } of dead.colbert!) {
      weight.fill(0);
      bias.fill(0);
    }
    const { colbert, dense } = await evaluateHeads(source, { pairs, others: [] }, dead, options);
    expect(colbert!.mrr).toBeCloseTo(1 / 12, 5);
    expect(dense.mrr).toBeGreaterThan(1 / 12);
  });

  it("ranks among the passages of the group only, and passes over others that are right", async () => {
    const { source, pairs } = subjects(12, 2);
    const one = await evaluateHeads(source, { pairs: pairs.slice(0, 2), others: [] }, heads(), options);
    // Both passages are about the same subject: each is alone with those that are wrong, of which there are none.
    expect(one.combined).toEqual({ mrr: 1, ndcg10: 1 });
    const grouped = pairs.map((pair, index) => ({ ...pair, group: `group ${index >> 1}` }));
    expect((await evaluateHeads(source, { pairs: grouped, others: [] }, heads(), options)).colbert).toEqual({ mrr: 1, ndcg10: 1 });
    const harder = await evaluateHeads(source, { pairs: pairs.slice(0, 2), others: pairs.slice(2) }, heads(), options);
    expect(harder.colbert!.mrr).toBeLessThan(1);
  });
});
