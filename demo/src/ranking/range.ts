/** From the lowest to the highest of some scores, so that a picture can tell where one lies among them. */

export interface Range {
  readonly lowest: number;
  readonly highest: number;
}

export function rangeOf(scores: readonly number[]): Range {
  return scores.reduce(({ lowest, highest }, score) => ({ lowest: Math.min(lowest, score), highest: Math.max(highest, score) }), {
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
  });
}

/** 0 for the lowest, 1 for the highest; 0 where all are the same. */
export function placeIn({ lowest, highest }: Range, score: number): number {
  return highest > lowest ? Math.min(1, Math.max(0, (score - lowest) / (highest - lowest))) : 0;
}
