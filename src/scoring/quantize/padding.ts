/** How wide vectors are stored and scored: SIMD kernels take 16 numbers at a time, so rows are filled up with zeros. */

/** Numbers in a stored row of `dim` values. */
export function paddedDim(dim: number): number {
  return Math.ceil(dim / 16) * 16;
}
