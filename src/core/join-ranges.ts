/** Ranges that lie near each other, as fewer and longer ones: a read costs more than a few bytes that nobody asked for. */
import type { ByteRange } from "./byte-store.ts";

/** Bytes [offset, end), which hold some of the ranges: their places in the list. */
export interface RangeRun {
  readonly offset: number;
  readonly end: number;
  readonly places: readonly number[];
}

/** @param gap most bytes between two ranges that are still joined @returns runs by rising offset */
export function joinRanges(ranges: readonly ByteRange[], gap: number): RangeRun[] {
  const order = ranges.map((_, place) => place).sort((a, b) => ranges[a]!.offset - ranges[b]!.offset);
  const runs: { offset: number; end: number; places: number[] }[] = [];
  for (const place of order) {
    const { offset, length } = ranges[place]!;
    const run = runs.at(-1);
    if (run && offset - run.end <= gap) {
      run.end = Math.max(run.end, offset + length);
      run.places.push(place);
    } else {
      runs.push({ offset, end: offset + length, places: [place] });
    }
  }
  return runs;
}
