/** Reads a graph's weights, one binding after another, and reports how far it is. */
import { throwIfAborted } from "#core/abort.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import type { WeightBinding } from "./weights/weight-binding.ts";

export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** Gives `take` the stored tensors of each binding. @throws what reading a tensor throws, or the signal's reason */
export async function prepareWeights(
  weights: readonly WeightBinding[],
  { tensors }: LoadedModel,
  take: (binding: WeightBinding, stored: readonly StoredTensor[]) => void,
  { signal, onProgress }: PrepareOptions,
  /** Where these weights lie among those of several graphs, for the progress. */
  { before = 0, total = weights.length }: { readonly before?: number; readonly total?: number } = {},
): Promise<void> {
  for (const [index, binding] of weights.entries()) {
    throwIfAborted(signal);
    take(binding, await Promise.all(binding.sources.map((name) => tensors.read(name, { signal }))));
    onProgress?.({ phase: "prepare", loaded: before + index + 1, total, unit: "steps", file: binding.tensors[0]!.name });
  }
}
