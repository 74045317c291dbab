/** Numbers that look random and are the same in every run (mulberry32). */

/** @returns a function that gives the next number in [0, 1) */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A unit vector in a direction that is nowhere preferred (numbers of a normal distribution, Box–Muller). */
export function unit(random: () => number, dim: number): Float32Array {
  const values = Float32Array.from({ length: dim }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}
