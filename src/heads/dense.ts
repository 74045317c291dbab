/** The dense head: a pooled hidden state to a unit vector. Pooling itself (CLS or mean) is the session's. */
import { normalizeRow } from "./normalize.ts";

/**
 * @param pooled pooled hidden states of some texts, not normalised: [texts, width]
 * @param truncateDim keep only the first dimensions, before normalisation; more than there are keeps all
 * @returns row `text` as a unit vector of its own
 */
export function denseVector(pooled: Float32Array, text: number, width: number, truncateDim: number = width): Float32Array {
  const vector = new Float32Array(Math.min(width, truncateDim));
  normalizeRow(pooled, text * width, vector.length, vector, 0);
  return vector;
}
