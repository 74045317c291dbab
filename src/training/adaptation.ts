/** Heads that are there already learn from pairs of somebody's own; and what that was worth, told by pairs that were held out. */
import type { ProgressEvent, ProgressListener } from "#core/progress.ts";
import type { TrainableHeads } from "./batch-scores.ts";
import { evaluateHeads, type HeadScores } from "./evaluate-heads.ts";
import { loadFastProduct } from "./fast-product.ts";
import { resolveTrainingOptions, type TrainingOptions } from "./options.ts";
import type { Split } from "./split.ts";
import type { StatesSource } from "./text-states.ts";
import { type DevRecord, type StepRecord, type TrainingResult, type TrainingState, trainHeads } from "./trainer.ts";

export interface AdaptationRun {
  readonly source: StatesSource;
  readonly split: Split;
  /** Changed in place. */
  readonly heads: TrainableHeads;
  readonly specialIds: ReadonlySet<number>;
  readonly training: TrainingOptions;
  /** Goes on from here. */
  readonly state?: TrainingState | undefined;
  readonly onCheckpoint?: ((state: TrainingState) => Promise<void>) | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Adaptation {
  readonly before: HeadScores;
  readonly after: HeadScores;
  readonly training: TrainingResult;
}

/** Dev scores of a run. */
const DEV_SCORES = 12;
/**
 * Heads that are good already are moved less far than those that begin with random numbers; docs/training.md has the measurement.
 */
const DEFAULTS = { epochs: 4, learningRate: 5e-4, patience: 6 } as const;

/** Options of a run, with what a small set of pairs asks for where nothing is said. @throws InvalidInputError */
export function adaptationOptions(options: TrainingOptions, trainPairs: number): TrainingOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { epochs, batchPairs } = resolveTrainingOptions({ ...DEFAULTS, ...given });
  const steps = (epochs * trainPairs) / batchPairs;
  return { ...DEFAULTS, devEvery: Math.max(1, Math.round(steps / DEV_SCORES)), ...given };
}

/** @throws InvalidInputError for options; what reading hidden states throws; the signal's reason, after a last checkpoint */
export async function adaptHeads(run: AdaptationRun): Promise<Adaptation> {
  const { source, split, heads, specialIds, signal, onProgress = () => {} } = run;
  await loadFastProduct();
  const options = adaptationOptions(run.training, split.train.length);
  const resolved = resolveTrainingOptions(options);
  const evaluate = (round: number) =>
    evaluateHeads(source, { pairs: split.heldOut, others: [...split.train, ...split.dev] }, heads, {
      ...resolved,
      specialIds,
      signal,
      onPassages: (done, total) => onProgress({ phase: "evaluate", loaded: round * total + done, total: 2 * total, unit: "texts" }),
    });
  const before = await evaluate(0);
  const curves = new CurveProgress(onProgress, run.state?.step ?? 0);
  const training = await trainHeads({
    source,
    train: split.train,
    dev: split.dev,
    heads,
    specialIds,
    options,
    state: run.state,
    onCheckpoint: run.onCheckpoint,
    onStep: (record) => curves.step(record),
    onDev: (record) => curves.dev(record),
    onProgress: (event) => curves.progress(event),
    signal,
  });
  return { before, after: await evaluate(1), training };
}

/** Reports of a training run with what learning curves are drawn of. */
class CurveProgress {
  readonly #onProgress: ProgressListener;
  readonly #firstStep: number;
  readonly #startedAt = performance.now();
  #last: ProgressEvent = { phase: "train", loaded: 0, total: 0, unit: "steps" };
  #step: StepRecord | undefined;

  constructor(onProgress: ProgressListener, firstStep: number) {
    this.#onProgress = onProgress;
    this.#firstStep = firstStep;
    this.#last = { ...this.#last, loaded: firstStep };
  }

  step(record: StepRecord): void {
    this.#step = record;
  }

  progress({ loaded, total }: ProgressEvent): void {
    const elapsedMs = performance.now() - this.#startedAt;
    const remainingMs = (elapsedMs / (loaded - this.#firstStep)) * (total - loaded);
    this.#last = { phase: "train", loaded, total, unit: "steps", remainingMs };
    const { loss, lexical, colbert } = this.#step!;
    this.#onProgress({ ...this.#last, training: { step: loaded, losses: { all: loss, lexical, colbert } } });
  }

  dev({ step, dense, lexical, colbert, ensemble }: DevRecord): void {
    this.#onProgress({ ...this.#last, training: { step, dev: { dense, lexical, colbert, combined: ensemble } } });
  }
}
