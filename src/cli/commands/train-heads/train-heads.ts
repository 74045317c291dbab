/** The command `train-heads`, without its command line: pairs to heads. */
import { writeFile } from "node:fs/promises";
import { decodeFloat16, encodeFloat16 } from "#core/float16.ts";
import { writeSafetensors } from "#core/safetensors.ts";
import { sha256Hex } from "#core/sha256.ts";
import { balanceLexical } from "#training/balance-lexical.ts";
import { learningCurves } from "#training/learning-curves.ts";
import { type HeadShapes, headTensors, newHeads } from "#training/new-heads.ts";
import { resolveTrainingOptions, type TrainingOptions } from "#training/options.ts";
import type { PairTexts } from "#training/pair-texts.ts";
import { holdOut, tabulate } from "#training/text-table.ts";
import { type DevRecord, type TrainingResult, trainHeads } from "#training/trainer.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint-file.ts";
import { openStatesCache, type StatesCacheOptions } from "./states-cache.ts";

export interface TrainHeadsOptions extends Omit<StatesCacheOptions, "folder"> {
  readonly pairs: readonly PairTexts[];
  /** Held out pairs; otherwise `devShare` of the ids of the pairs. */
  readonly devPairs?: readonly PairTexts[] | undefined;
  readonly devShare: number;
  readonly shapes: HeadShapes;
  readonly training: TrainingOptions;
  readonly seed: number;
  readonly cacheFolder: string;
  /** Files to write; the checkpoint is also where a run that was broken off goes on. */
  readonly out: string;
  readonly checkpoint?: string | undefined;
  readonly curves?: string | undefined;
  readonly onDev?: ((record: DevRecord) => void) | undefined;
}

export interface TrainHeadsSummary {
  readonly trainPairs: number;
  readonly devPairs: number;
  readonly texts: number;
  /** Texts whose hidden states had to be computed. */
  readonly computedTexts: number;
  readonly steps: number;
  readonly bestStep: number;
  readonly stoppedEarly: boolean;
  /** What all lexical scores were multiplied by after training, so that they add up with dense ones. */
  readonly lexicalFactor: number;
  /** Dev scores of the heads that were written; null without a dev set. */
  readonly best: DevRecord | null;
}

/** @throws InvalidInputError for pairs, options or a checkpoint; what computing hidden states throws; the signal's reason, after a last checkpoint */
export async function trainHeadsOnPairs(options: TrainHeadsOptions): Promise<TrainHeadsSummary> {
  const { model, tokenizer, pairs, devPairs, seed, signal, onProgress, checkpoint } = options;
  const table = tabulate([...pairs, ...(devPairs ?? [])]);
  const { train, dev } = devPairs
    ? { train: table.pairs.slice(0, pairs.length), dev: table.pairs.slice(pairs.length) }
    : holdOut(table.pairs, options.devShare, seed);
  const source = await openStatesCache(table.texts, { ...options, folder: options.cacheFolder });
  try {
    const heads = newHeads(source.hiddenSize, options.shapes, seed);
    const run = await runName(options);
    const specialIds = new Set([tokenizer.bosId, tokenizer.eosId, tokenizer.padId, tokenizer.unkId].filter((id) => id !== undefined));
    const result = await trainHeads({
      source,
      train,
      dev,
      heads,
      specialIds,
      options: { ...options.training, seed },
      state: checkpoint ? await readCheckpoint(checkpoint, run) : undefined,
      onCheckpoint: checkpoint ? (state) => writeCheckpoint(checkpoint, run, state) : undefined,
      onDev: options.onDev,
      onProgress,
      signal,
    });
    const { subBatchTokens } = resolveTrainingOptions(options.training);
    const lexicalFactor = await balanceLexical({ source, train, dev, heads, options: { specialIds, subBatchTokens } });
    await writeHeads(options.out, headTensors(heads));
    if (options.curves) await writeFile(options.curves, learningCurves(result.steps, result.dev));
    return summaryOf(result, { trainPairs: train.length, devPairs: dev.length, texts: table.texts.length, computedTexts: source.computed, lexicalFactor });
  } finally {
    source.close();
  }

  async function runName({ shapes, training, devShare, maxLength }: TrainHeadsOptions): Promise<string> {
    const settings = JSON.stringify([model.manifest.fingerprint, maxLength, shapes, training, seed, devShare, pairs, devPairs]);
    return sha256Hex(new TextEncoder().encode(settings));
  }
}

async function writeHeads(out: string, tensors: ReturnType<typeof headTensors>): Promise<void> {
  const { bytes } = writeSafetensors(
    tensors.map(({ name, shape, values }) => ({
      name,
      shape,
      dtype: "F32" as const,
      bytes: halves(values),
    })),
  );
  await writeFile(out, bytes);
}

/** float32 with the digits of half precision, which is all that counts: compression halves what is transferred. */
function halves(values: Float32Array): Uint8Array {
  return new Uint8Array(decodeFloat16(encodeFloat16(values)).buffer);
}

function summaryOf(
  { steps, dev, bestStep, stoppedEarly }: TrainingResult,
  counts: Pick<TrainHeadsSummary, "trainPairs" | "devPairs" | "texts" | "computedTexts" | "lexicalFactor">,
) {
  return { ...counts, steps: steps.length, bestStep, stoppedEarly, best: dev.find(({ step }) => step === bestStep) ?? null };
}
