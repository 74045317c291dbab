/** Numbers from 0 to 1, the same for the same seed: a linear congruential generator, good enough to choose where things break. */
export function seededRandom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
