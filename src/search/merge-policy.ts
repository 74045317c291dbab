/** Which segments to join, so that there are few of them and each document is copied seldom: like with like, as log-structured stores do. */

export interface SegmentSize {
  readonly name: string;
  /** Documents that are not deleted. */
  readonly live: number;
  readonly deleted: number;
  readonly bytes: number;
}

/** This many segments of one size make one of the next. */
export const MERGE_FACTOR = 8;
/** A segment that has lost this share of its documents is written anew by itself. */
const MOST_DELETED_SHARE = 0.5;
/** Segments stay below this: some parts are addressed with 32 bits, and a merge reads all of it. */
export const MOST_SEGMENT_BYTES = 2 ** 31;

/** Names of segments to merge into one, or an empty list when nothing is worth it. */
export function chooseMerge(segments: readonly SegmentSize[]): string[] {
  const worn = segments.find(({ live, deleted }) => deleted > 0 && deleted >= (live + deleted) * MOST_DELETED_SHARE);
  if (worn) return [worn.name];
  const tiers = new Map<number, SegmentSize[]>();
  for (const segment of segments) {
    const tier = Math.floor(Math.log(Math.max(segment.live, 1)) / Math.log(MERGE_FACTOR));
    tiers.set(tier, [...(tiers.get(tier) ?? []), segment]);
  }
  for (const [, members] of [...tiers].sort(([a], [b]) => a - b)) {
    const fitting = withinBytes(members.slice(0, MERGE_FACTOR));
    if (members.length >= MERGE_FACTOR && fitting.length > 1) return fitting.map(({ name }) => name);
  }
  return [];
}

/** The first segments that together stay below the limit. */
export function withinBytes(segments: readonly SegmentSize[]): SegmentSize[] {
  const chosen: SegmentSize[] = [];
  let bytes = 0;
  for (const segment of segments) {
    bytes += segment.bytes;
    if (bytes > MOST_SEGMENT_BYTES) break;
    chosen.push(segment);
  }
  return chosen;
}
