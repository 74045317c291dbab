/** How alike two dense vectors are. As in FlagEmbedding: the inner product, which for unit vectors is the cosine. */
import { InvalidInputError } from "#core/errors.ts";

/** Inner product of two vectors of equal length. @throws InvalidInputError when the lengths differ */
export function denseScore(first: Float32Array, second: Float32Array): number {
  if (first.length !== second.length) throw new InvalidInputError("second", `a vector of ${first.length} numbers, as the first is`, second);
  let sum = 0;
  for (let index = 0; index < first.length; index++) sum += first[index]! * second[index]!;
  return sum;
}
