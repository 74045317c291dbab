/** What one writes without an index: a loop over all dense vectors in float32, keeping the best. @returns how long it took, in ms */
export function plainLoop(query: Float32Array, vectors: Float32Array, count: number): number {
  const started = performance.now();
  const dim = query.length;
  const best: { place: number; score: number }[] = [];
  let bar = Number.NEGATIVE_INFINITY;
  for (let place = 0, start = 0; start < vectors.length; place++, start += dim) {
    let score = 0;
    for (let index = 0; index < dim; index++) score += query[index]! * vectors[start + index]!;
    if (score <= bar) continue;
    best.push({ place, score });
    best.sort((a, b) => b.score - a.score);
    best.length = Math.min(best.length, count);
    if (best.length === count) bar = best.at(-1)!.score;
  }
  return performance.now() - started;
}
