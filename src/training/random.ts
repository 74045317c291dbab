/** Random numbers that depend on a seed only, on every machine alike: sfc32 (Doty-Humphrey, PractRand), seeded through MurmurHash3's finaliser. */

export class Random {
  readonly #state = new Uint32Array(4);

  /** The same numbers for the same seeds, whatever was drawn elsewhere: a generator for each purpose (step, epoch, tensor) needs no state of its own on disk. */
  constructor(...seeds: readonly number[]) {
    let mixed = 0x9e3779b9;
    for (const seed of seeds) mixed = finalise(mixed ^ seed);
    for (let word = 0; word < 3; word++) {
      mixed = finalise(mixed + 0x9e3779b9);
      this.#state[word] = mixed;
    }
    this.#state[3] = 1;
    for (let round = 0; round < 12; round++) this.word();
  }

  /** 32 random bits. */
  word(): number {
    const state = this.#state;
    const [a, b, c, counter] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) >>> 0;
    state[2] = (((c << 21) | (c >>> 11)) + result) >>> 0;
    state[3] = counter + 1;
    return result;
  }

  /** From 0 to below 1. */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Puts a list into random order, in place (Fisher-Yates). */
  shuffle<T>(list: T[]): T[] {
    for (let place = list.length - 1; place > 0; place--) {
      const other = this.below(place + 1);
      [list[place], list[other]] = [list[other]!, list[place]!];
    }
    return list;
  }
}

function finalise(value: number): number {
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
