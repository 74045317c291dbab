/**
 * Which texts go through the model together: longest first, in groups of equal or nearly equal length, so that little of the work is padding. As M3Embedder
 * sorts its texts; but a group also ends where padding, or memory (attention's grows with the square of a text), would cost more than the engine's preference allows.
 */
import type { BatchMemory, BatchPreference } from "#core/session.ts";

/**
 * @param lengths tokens of each text
 * @returns indices of the texts of each batch, longest first; every text is in one batch. Equal lengths keep their order.
 */
export function planBatches(lengths: readonly number[], { tokenBudget, maxTexts, maxPadding, memory }: BatchPreference): number[][] {
  const order = lengths.map((_, index) => index).sort((first, second) => lengths[second]! - lengths[first]! || first - second);
  const batches: number[][] = [];
  let batch: number[] = [];
  let longest = 0;
  let tokens = 0;
  for (const index of order) {
    const length = lengths[index]!;
    const padded = (batch.length + 1) * longest;
    const isAffordable = !memory || batchBytes(batch.length + 1, longest, memory) <= memory.budgetBytes;
    const fits = batch.length < maxTexts && isAffordable && padded <= tokenBudget && padded <= (tokens + length) * (1 + maxPadding);
    if (batch.length === 0 || !fits) {
      batch = [];
      batches.push(batch);
      longest = length;
      tokens = 0;
    }
    batch.push(index);
    tokens += length;
  }
  return batches;
}

/** Memory that texts take together when each is padded to the longest. */
export function batchBytes(texts: number, longest: number, { bytesPerToken, bytesPerPair, longText, queriesAtATime }: BatchMemory): number {
  const queries = longest > longText ? queriesAtATime : longest;
  return texts * longest * (bytesPerToken + queries * bytesPerPair);
}

/** Tokens computed, padding included, over tokens of the texts, when each batch is padded to its longest text. 1 for no texts. */
export function paddingRatio(lengths: readonly number[], batches: readonly (readonly number[])[]): number {
  let padded = 0;
  let real = 0;
  for (const batch of batches) {
    const batchLengths = batch.map((index) => lengths[index]!);
    padded += Math.max(...batchLengths) * batch.length;
    real += batchLengths.reduce((sum, length) => sum + length, 0);
  }
  return real === 0 ? 1 : padded / real;
}
