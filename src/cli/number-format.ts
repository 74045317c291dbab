/** Numbers for JSON: the shortest that is read back as the same float32. JavaScript alone writes 0.1 as 0.10000000149011612, since it counts in float64. */

/** Digits that tell any two float32 apart. */
const MAX_DIGITS = 9;

/** A number that prints short and rounds to the given float32. */
export function shortFloat32(value: number): number {
  for (let digits = 7; digits < MAX_DIGITS; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return Number(value.toPrecision(MAX_DIGITS));
}

export function shortNumbers(values: Float32Array): number[] {
  return Array.from(values, shortFloat32);
}
