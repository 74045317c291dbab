/** The best of many scores, without sorting them all. */

export interface Ranked {
  /** Places in the scores, best first; of equal scores the lower place first. */
  readonly places: Uint32Array;
  readonly scores: Float32Array;
}

/**
 * The `count` highest scores. NaN is never among them.
 * @param accept leaves places out: filters, deleted documents
 */
export function topK(scores: Float32Array, count: number, accept?: (place: number) => boolean): Ranked {
  const heap = new BoundedHeap(count);
  for (let place = 0; place < scores.length; place++) {
    const score = scores[place]!;
    // Most places fail here. Not "score <= lowest": NaN must fail as well.
    if (!(score > heap.bar)) continue;
    if (!accept || accept(place)) heap.push(place, score);
  }
  return heap.drain();
}

/** Keeps the best `capacity` of what is pushed: a binary heap with the worst one on top. Push places in rising order, so that of equal scores the first stays. */
export class BoundedHeap {
  readonly #capacity: number;
  readonly #places: number[] = [];
  readonly #scores: number[] = [];

  constructor(capacity: number) {
    this.#capacity = Math.max(capacity, 0);
  }

  /** A score must be above this to get in. */
  get bar(): number {
    if (this.#capacity === 0) return Number.POSITIVE_INFINITY;
    return this.#scores.length < this.#capacity ? Number.NEGATIVE_INFINITY : this.#scores[0]!;
  }

  push(place: number, score: number): void {
    if (!(score > this.bar)) return;
    if (this.#scores.length < this.#capacity) {
      this.#places.push(place);
      this.#scores.push(score);
      this.#rise(this.#scores.length - 1);
    } else {
      this.#places[0] = place;
      this.#scores[0] = score;
      this.#sink(0);
    }
  }

  /** All that was kept, best first. */
  drain(): Ranked {
    const order = this.#scores.map((_, index) => index).sort((a, b) => this.#scores[b]! - this.#scores[a]! || this.#places[a]! - this.#places[b]!);
    return { places: Uint32Array.from(order, (index) => this.#places[index]!), scores: Float32Array.from(order, (index) => this.#scores[index]!) };
  }

  /** Is entry a worse than entry b? Of equal scores the later place is worse. */
  #isWorse(a: number, b: number): boolean {
    const difference = this.#scores[a]! - this.#scores[b]!;
    return difference < 0 || (difference === 0 && this.#places[a]! > this.#places[b]!);
  }

  #rise(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isWorse(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(index: number): void {
    for (;;) {
      let worst = index;
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < this.#scores.length && this.#isWorse(child, worst)) worst = child;
      if (worst === index) return;
      this.#swap(index, worst);
      index = worst;
    }
  }

  #swap(a: number, b: number): void {
    [this.#places[a], this.#places[b]] = [this.#places[b]!, this.#places[a]!];
    [this.#scores[a], this.#scores[b]] = [this.#scores[b]!, this.#scores[a]!];
  }
}
