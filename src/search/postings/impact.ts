/**
 * Lexical weights in 8 bits, on a scale that is the same everywhere: code c from 1 to 255 stands for 2^(-8 + (c - 1) * 11 / 254), from 0.0039 to 8.
 *
 * Neighbouring codes differ by 3 %, so a weight errs by at most 1.5 %. Because the scale does not depend on the other weights of a list, lists of two segments
 * can be joined without rounding again, however often an index is merged.
 */

const LOWEST_EXPONENT = -8;
const OCTAVES = 11;
const STEPS = 254;

/** Weights below this are left out: at most half of the smallest that a code can tell. */
export const SMALLEST_WEIGHT = 2 ** LOWEST_EXPONENT / 2;

/** What each code stands for; code 0 does not occur. */
export const IMPACT_WEIGHTS: Float32Array = Float32Array.from({ length: 256 }, (_, code) =>
  code === 0 ? 0 : 2 ** (LOWEST_EXPONENT + ((code - 1) * OCTAVES) / STEPS),
);

/** The nearest code. Weights above 8 get the code of 8; 0 means that the weight is too small to keep. */
export function impactOf(weight: number): number {
  if (!(weight >= SMALLEST_WEIGHT)) return 0;
  const code = 1 + Math.round(((Math.log2(weight) - LOWEST_EXPONENT) * STEPS) / OCTAVES);
  return Math.min(Math.max(code, 1), 255);
}
