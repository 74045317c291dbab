/**
 * L2 normalisation as PyTorch's `F.normalize` does it for FlagEmbedding: a row is divided by the larger of its length and 1e-12, so a row of zeros stays zeros.
 */

const MIN_LENGTH = 1e-12;

/**
 * Writes `dim` numbers of `source` from `sourceStart`, divided by their length, to `target` at `targetStart`. Sums in float64.
 *
 * What follows the first `dim` numbers of a row does not count: that is how vectors are cut before they are normalised.
 */
export function normalizeRow(source: Float32Array, sourceStart: number, dim: number, target: Float32Array, targetStart: number): void {
  let squares = 0;
  for (let index = 0; index < dim; index++) squares += source[sourceStart + index]! ** 2;
  const length = Math.max(Math.sqrt(squares), MIN_LENGTH);
  for (let index = 0; index < dim; index++) target[targetStart + index] = source[sourceStart + index]! / length;
}
