/** Cuts a ragged batch into groups that a graph can take as one rectangle, and puts the rectangles' results back in the batch's order. */
import type { TokenBatch } from "#core/session.ts";

/** Texts of a batch that run together. */
export interface TokenGroup {
  /** Positions in the batch. */
  readonly texts: readonly number[];
  readonly lengths: readonly number[];
  /** Tokens of the longest text: the width of the rectangle. */
  readonly width: number;
  /** float32 [texts, width, columns], zero where a text is shorter. */
  readonly rows: Float32Array;
}

/** Whether some text of the group is shorter than the others. */
export function isPadded({ lengths, width }: TokenGroup): boolean {
  return lengths.some((length) => length !== width);
}

/** @param pad whether texts of unequal lengths may share a group; otherwise there is one group for each length, in order of first appearance */
export function groupTexts({ rows, lengths }: TokenBatch, columns: number, pad: boolean): TokenGroup[] {
  const texts = new Map<number, number[]>();
  for (const [text, length] of lengths.entries()) {
    const key = pad ? 0 : length;
    const members = texts.get(key);
    if (members) members.push(text);
    else texts.set(key, [text]);
  }
  const starts = startsOf(lengths);
  return [...texts.values()].map((members) => {
    const ownLengths = members.map((text) => lengths[text]!);
    const width = Math.max(...ownLengths);
    if (members.length === lengths.length && ownLengths.every((length) => length === width)) return { texts: members, lengths: ownLengths, width, rows };
    const padded = new Float32Array(members.length * width * columns);
    for (const [index, text] of members.entries()) {
      padded.set(rows.subarray(starts[text]! * columns, starts[text + 1]! * columns), index * width * columns);
    }
    return { texts: members, lengths: ownLengths, width, rows: padded };
  });
}

/** Copies a group's result of [texts, width, columns] to where its texts lie in the ragged result. */
export function scatterGroup(
  from: Float32Array,
  into: Float32Array,
  { texts, lengths: ownLengths, width }: TokenGroup,
  starts: readonly number[],
  columns: number,
): void {
  for (const [index, text] of texts.entries()) {
    const begin = index * width * columns;
    into.set(from.subarray(begin, begin + ownLengths[index]! * columns), starts[text]! * columns);
  }
}

/** First token of each text, and the number of all tokens at the end. */
export function startsOf(lengths: readonly number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + length);
  return starts;
}
