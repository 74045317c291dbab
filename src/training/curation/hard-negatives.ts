/** Hard negatives: passages that the current model finds alike, but that belong to another page. */
import { type Floats, multiplyByTransposed } from "../matrix.ts";

export interface MiningPair {
  /** Rows of `queries` and `passages`. */
  readonly query: number;
  readonly passage: number;
  readonly id?: string | undefined;
  readonly group: string;
}

export interface MiningOptions {
  /** Negatives of each pair, at most. */
  readonly count: number;
  /** A passage that scores above this part of the positive's score may well be right too, and is no negative (NV-Retriever, arXiv 2407.15831). */
  readonly ceiling: number;
}

/** Rows scored at a time. */
const STRIP = 256;

/**
 * @param queries unit vectors, [rows, width]
 * @param passages unit vectors, [rows, width]
 * @returns for each pair passages of its group, the most alike first
 */
export function mineHardNegatives(
  pairs: readonly MiningPair[],
  queries: Floats,
  passages: Floats,
  width: number,
  { count, ceiling }: MiningOptions,
): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, { group }] of pairs.entries()) groups.set(group, [...(groups.get(group) ?? []), index]);
  const found: number[][] = pairs.map(() => []);
  for (const members of groups.values()) {
    const owners = new Map<number, Set<string | undefined>>();
    for (const index of members) owners.set(pairs[index]!.passage, (owners.get(pairs[index]!.passage) ?? new Set()).add(pairs[index]!.id));
    const candidates = [...owners.keys()];
    const table = gather(passages, candidates, width);
    for (let start = 0; start < members.length; start += STRIP) {
      const strip = members.slice(start, start + STRIP);
      const asked = gather(
        queries,
        strip.map((index) => pairs[index]!.query),
        width,
      );
      const scores = new Float32Array(strip.length * candidates.length);
      multiplyByTransposed(asked, table, strip.length, candidates.length, width, scores);
      for (const [row, index] of strip.entries()) {
        const { passage, id } = pairs[index]!;
        const own = scores.subarray(row * candidates.length, (row + 1) * candidates.length);
        const limit = ceiling * own[candidates.indexOf(passage)]!;
        const isNegative = (place: number) => {
          const other = candidates[place]!;
          return other !== passage && own[place]! <= limit && !(id !== undefined && owners.get(other)!.has(id));
        };
        found[index] = [...candidates.keys()]
          .filter(isNegative)
          .sort((a, b) => own[b]! - own[a]! || a - b)
          .slice(0, count)
          .map((place) => candidates[place]!);
      }
    }
  }
  return found;
}

function gather(matrix: Floats, rows: readonly number[], width: number): Float32Array {
  const gathered = new Float32Array(rows.length * width);
  for (const [index, row] of rows.entries()) gathered.set(matrix.subarray(row * width, (row + 1) * width), index * width);
  return gathered;
}
