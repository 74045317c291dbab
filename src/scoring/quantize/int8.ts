/** Vectors in 8 bits: each has a scale of its own and whole numbers from -127 to 127 (-128 is not used, so that a sign can always be turned). */
import { paddedDim } from "./padding.ts";

const LARGEST = 127;

/**
 * Writes one vector as int8 and returns its scale: value = int8 * scale. A zero vector has scale 0.
 * @param vector `dim` finite numbers
 * @param target at least `dim` bytes; what lies past `dim` is left alone
 */
export function quantizeInt8(vector: Float32Array, target: Int8Array): number {
  const scale = Math.fround(largestMagnitude(vector) / LARGEST);
  if (scale === 0) {
    target.fill(0, 0, vector.length);
    return 0;
  }
  writeInt8(vector, scale, target);
  return scale;
}

/** Rounds a vector to whole multiples of the scale. */
export function writeInt8(vector: Float32Array, scale: number, target: Int8Array): void {
  const inverse = 1 / scale;
  for (let index = 0; index < vector.length; index++) {
    target[index] = Math.max(-LARGEST, Math.min(LARGEST, Math.round(vector[index]! * inverse)));
  }
}

/** The numbers that an int8 vector stands for. */
export function restoreInt8(values: Int8Array, scale: number, dim: number): Float32Array {
  return Float32Array.from({ length: dim }, (_, index) => values[index]! * scale);
}

export function largestMagnitude(vector: Float32Array): number {
  let largest = 0;
  for (let index = 0; index < vector.length; index++) {
    const magnitude = Math.abs(vector[index]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** The most that a query's number may be: 1023 * 127 * 8,192 still fits in 31 bits. */
const LARGEST_QUERY = 1023;

export interface QueryInt16 {
  /** [paddedDim], zeros past the vector. */
  readonly values: Int16Array;
  /** number = value * scale. */
  readonly scale: number;
}

/** A query in 11 bits: it meets rows of 8 bits in 16-bit multiplications, so three more bits cost nothing. */
export function quantizeQuery(vector: Float32Array): QueryInt16 {
  const values = new Int16Array(paddedDim(vector.length));
  const scale = largestMagnitude(vector) / LARGEST_QUERY;
  if (scale > 0) for (let index = 0; index < vector.length; index++) values[index] = Math.round(vector[index]! / scale);
  return { values, scale };
}
