/** Lists in one call: the whole list here, and the longest list that the peer survives, and shorter ones. Each row has a process of its own. */
import { note } from "../harness/bench.ts";
import { sum } from "../harness/statistics.ts";
import type { Contenders, SideName } from "./contenders.ts";
import { findLargestList } from "./list-size.ts";
import type { Row } from "./rows.ts";
import { warmUp } from "./singles.ts";

export interface ListRow extends Row {
  readonly listSize: number;
}

/** Tokens computed when lists of `listSize` texts are padded to their longest: what a runtime without length sorting does. */
export function paddedTokens(counts: readonly number[], listSize: number): number {
  let total = 0;
  for (let start = 0; start < counts.length; start += listSize) {
    const list = counts.slice(start, start + listSize);
    total += list.length * Math.max(...list);
  }
  return total;
}

/** The texts in calls of `listSize`. */
export async function measureLists(
  contenders: Contenders,
  name: SideName,
  texts: readonly string[],
  counts: readonly number[],
  { calls, listSize, computed }: { calls: string; listSize: number; computed: number | null },
): Promise<ListRow> {
  const side = await contenders.open(name);
  const { loadMs } = await side.load();
  await warmUp(side, texts);
  const { callMs } = await side.encode(texts, listSize);
  const peakMiB = await side.peakMemoryMiB();
  await side.close();
  const row = {
    side: name,
    calls,
    texts: texts.length,
    tokens: sum(counts),
    computedTokens: computed,
    seconds: sum(callMs) / 1000,
    loadSeconds: loadMs / 1000,
  };
  note(`${name}, ${calls}: ${(row.texts / row.seconds).toFixed(2)} texts/s`);
  return { ...row, peakMiB, listSize };
}

/** The longest list that a side which pads survives, and the notes on those that it did not. */
export async function measureLargestList(
  contenders: Contenders,
  name: SideName,
  texts: readonly string[],
  counts: readonly number[],
): Promise<{ readonly row: ListRow; readonly failures: readonly string[] }> {
  const { side, size, ms, loadMs, failures } = await findLargestList(
    () => contenders.open(name),
    texts,
    (opened) => warmUp(opened, texts),
  );
  const peakMiB = await side.peakMemoryMiB();
  await side.close();
  const own = counts.slice(0, size);
  const row: ListRow = {
    side: name,
    calls: size === texts.length ? `the whole list (${size})` : `a list of ${size}, the longest that survives`,
    listSize: size,
    texts: size,
    tokens: sum(own),
    computedTokens: paddedTokens(own, size),
    seconds: ms / 1000,
    loadSeconds: loadMs / 1000,
    peakMiB,
  };
  note(`${name}, ${row.calls}: ${(row.texts / row.seconds).toFixed(2)} texts/s`);
  return {
    row,
    failures: failures.map((failure) => `${name}: a list of ${failure.size} fails with "${failure.error}"; every later call on that page fails too.`),
  };
}
