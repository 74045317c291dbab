/** Random numbers that are the same in every run, and vectors of them. */

/** Mulberry32: uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` unit vectors, one after another, with normally distributed numbers around `centre`. */
export function unitVectors(count: number, dim: number, random: () => number, centre?: Float32Array): Float32Array {
  const rows = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const vector = rows.subarray(row * dim, (row + 1) * dim);
    for (let index = 0; index < dim; index++) vector[index] = normal(random) / Math.sqrt(dim) + (centre ? centre[index]! : 0);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    for (let index = 0; index < dim; index++) vector[index]! /= length;
  }
  return rows;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
