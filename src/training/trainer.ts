/**
 * Trains heads on pairs, step by step, until the epochs are over or the dev set says that it gets no better. Everything that a step depends on is in the
 * {@link TrainingState} or follows from the options, so that a run that was broken off and taken up again ends with exactly the heads of one that was not.
 */
import { throwIfAborted } from "#core/abort.ts";
import { InvalidInputError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { ProgressListener } from "#core/progress.ts";
import { AdamW, learningRateAt } from "./adamw.ts";
import { drawBatch, planEpoch } from "./batch-plan.ts";
import type { TrainableHeads } from "./batch-scores.ts";
import { type DevScores, scoreDevSet } from "./dev-set.ts";
import { loadFastProduct } from "./fast-product.ts";
import { parametersOf } from "./head.ts";
import { accumulateGradients } from "./objective.ts";
import { type ResolvedTrainingOptions, resolveTrainingOptions, type TrainingOptions } from "./options.ts";
import type { TrainingPair } from "./pair.ts";
import type { StatesSource } from "./text-states.ts";

/** What one step did. Cross-entropies are those of {@link LossParts}. */
export interface StepRecord {
  readonly step: number;
  readonly loss: number;
  readonly lexical: number | null;
  readonly colbert: number | null;
  readonly ensemble: number;
}

/** Scores of the heads on the dev pairs after a step; step 0 is before the first. */
export interface DevRecord extends DevScores {
  readonly step: number;
}

/** Where a run is. Plain data and arrays: what a checkpoint keeps. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly steps: readonly StepRecord[];
  readonly dev: readonly DevRecord[];
  /** Parameters, both moments of each, and the parameters at the best dev score, by name. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

export interface TrainingRun {
  readonly source: StatesSource;
  readonly train: readonly TrainingPair[];
  readonly dev: readonly TrainingPair[];
  /** Changed in place; at the end they hold the numbers of the best dev score, or the last ones where there is no dev set or the option `keep` says so. */
  readonly heads: TrainableHeads;
  readonly specialIds: ReadonlySet<number>;
  readonly options?: TrainingOptions | undefined;
  /** Go on from here. The pairs and options must be those of the run that was broken off. */
  readonly state?: TrainingState | undefined;
  /** Called after every dev score, and when the run is aborted. */
  readonly onCheckpoint?: ((state: TrainingState) => void | Promise<void>) | undefined;
  readonly onStep?: ((record: StepRecord) => void) | undefined;
  readonly onDev?: ((record: DevRecord) => void) | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingResult {
  readonly steps: readonly StepRecord[];
  readonly dev: readonly DevRecord[];
  /** Step of the heads that were kept. */
  readonly bestStep: number;
  /** Whether the dev set ended the run before its last step. */
  readonly stoppedEarly: boolean;
}

/** @throws InvalidInputError for options or too few pairs; what reading hidden states throws; the signal's reason, after a last checkpoint */
export async function trainHeads(run: TrainingRun): Promise<TrainingResult> {
  await loadFastProduct();
  const trainer = new Trainer(run, resolveTrainingOptions(run.options ?? {}));
  return trainer.run();
}

class Trainer {
  readonly #run: TrainingRun;
  readonly #options: ResolvedTrainingOptions;
  readonly #optimizer: AdamW;
  readonly #best: readonly Float32Array[];
  readonly #steps: StepRecord[] = [];
  readonly #dev: DevRecord[] = [];
  #step = 0;

  constructor(run: TrainingRun, options: ResolvedTrainingOptions) {
    this.#run = run;
    this.#options = options;
    const { lexical, colbert } = run.heads;
    this.#optimizer = new AdamW([...(lexical ? parametersOf(lexical) : []), ...(colbert ? parametersOf(colbert) : [])], options);
    this.#best = this.#optimizer.parameters.map(({ values }) => Float32Array.from(values));
    if (run.state) this.#restore(run.state);
  }

  async run(): Promise<TrainingResult> {
    const { train, source, heads, specialIds, signal, onStep, onProgress } = this.#run;
    const options = { ...this.#options, specialIds };
    const total = this.#totalSteps();
    if (total === 0) throw new InvalidInputError("train", "at least two pairs of one group, as pairs are the negatives of one another", train.length);
    let planned = { epoch: -1, batches: [] as number[][] };
    try {
      while (true) {
        if (this.#isDevDue(total)) {
          await this.#scoreDev();
          await this.#run.onCheckpoint?.(this.#state());
        }
        if (this.#step >= total || this.#isStalled) break;
        const { epoch, index } = this.#place();
        if (planned.epoch !== epoch) planned = { epoch, batches: planEpoch(train, source, epoch, options) };
        throwIfAborted(signal);
        const parts = await accumulateGradients(source, drawBatch(train, planned.batches[index]!, epoch, options), heads, options);
        this.#step++;
        this.#optimizer.step(this.#step, learningRateAt(this.#step, { steps: total, warmUpRatio: options.warmUpRatio, peak: options.learningRate }));
        const record = { step: this.#step, loss: parts.loss, lexical: parts.lexical, colbert: parts.colbert, ensemble: parts.ensemble };
        this.#steps.push(record);
        onStep?.(record);
        onProgress?.({ phase: "train", loaded: this.#step, total, unit: "steps" });
        await nextMessageTurn();
      }
    } catch (error) {
      // The gradients of a step that was not finished are nowhere in the state.
      if (signal?.aborted) await this.#run.onCheckpoint?.(this.#state());
      throw error;
    }
    const keepsBest = this.#dev.length > 0 && this.#options.keep === "best";
    if (keepsBest)
      this.#optimizer.parameters.forEach(({ values }, index) => {
        values.set(this.#best[index]!);
      });
    const bestStep = keepsBest ? this.#bestRecord!.step : this.#step;
    return { steps: this.#steps, dev: this.#dev, bestStep, stoppedEarly: this.#step < total };
  }

  /** Batches of all epochs; an epoch has about as many as another, but a pair may wait for the next. */
  #epochEnds: readonly number[] | undefined;

  #totalSteps(): number {
    const { train, source } = this.#run;
    let end = 0;
    this.#epochEnds ??= Array.from({ length: this.#options.epochs }, (_, epoch) => {
      end += planEpoch(train, source, epoch, this.#options).length;
      return end;
    });
    return this.#epochEnds.at(-1)!;
  }

  #place(): { epoch: number; index: number } {
    const ends = this.#epochEnds!;
    const epoch = ends.findIndex((end) => this.#step < end);
    return { epoch, index: this.#step - (epoch === 0 ? 0 : ends[epoch - 1]!) };
  }

  get #bestRecord(): DevRecord | undefined {
    return this.#dev.reduce<DevRecord | undefined>((best, record) => (best && best.mean >= record.mean ? best : record), undefined);
  }

  get #isStalled(): boolean {
    const { patience } = this.#options;
    const best = this.#bestRecord;
    if (patience === 0 || !best) return false;
    return this.#dev.filter(({ step }) => step > best.step).length >= patience;
  }

  #isDevDue(total: number): boolean {
    const { step: last } = this.#dev.at(-1) ?? { step: -1 };
    return this.#run.dev.length > 0 && last < this.#step && (this.#step % this.#options.devEvery === 0 || this.#step === total);
  }

  async #scoreDev(): Promise<void> {
    const { source, dev, heads, specialIds, onDev } = this.#run;
    const scores = await scoreDevSet(source, dev, heads, { ...this.#options, specialIds });
    const record = { step: this.#step, ...scores };
    this.#dev.push(record);
    if (this.#bestRecord === record)
      this.#optimizer.parameters.forEach(({ values }, index) => {
        this.#best[index]!.set(values);
      });
    onDev?.(record);
  }

  #tensors(): [name: string, values: Float32Array][] {
    return this.#optimizer.parameters.flatMap(({ name, values }, index): [string, Float32Array][] => {
      const { mean, square } = this.#optimizer.moments[index]!;
      const named: [string, Float32Array][] = [
        [name, values as Float32Array],
        [`${name}:mean`, mean as Float32Array],
        [`${name}:square`, square as Float32Array],
        [`${name}:best`, this.#best[index]!],
      ];
      return named;
    });
  }

  #state(): TrainingState {
    const tensors = new Map(this.#tensors().map(([name, values]) => [name, values.slice()]));
    return { step: this.#step, steps: [...this.#steps], dev: [...this.#dev], tensors };
  }

  #restore(state: TrainingState): void {
    for (const [name, values] of this.#tensors()) {
      const stored = state.tensors.get(name);
      if (stored?.length !== values.length) {
        throw new InvalidInputError("state", `the checkpoint of a run with the same heads (tensor "${name}" of ${values.length} numbers)`, stored?.length);
      }
      values.set(stored);
    }
    this.#step = state.step;
    this.#steps.push(...state.steps);
    this.#dev.push(...state.dev);
  }
}
