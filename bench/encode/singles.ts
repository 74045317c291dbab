/** One text at a time, all sides in turn: what else the machine does then hits all alike. */
import { note } from "../harness/bench.ts";
import { median, sum } from "../harness/statistics.ts";
import type { Contenders, SideName } from "./contenders.ts";
import type { Row } from "./rows.ts";
import type { RunningSide } from "./sides.ts";

/** A side that takes part; every `share`-th block only, for the rows that are there for orientation. */
export interface Participant {
  readonly name: SideName;
  readonly share: number;
}

export interface Singles {
  readonly rows: readonly Row[];
  /** How many times faster `fast` is than `slow`: the median over the blocks that both took. */
  ratio(fast: SideName, slow: SideName): number;
  /** First text's dense vector by side. */
  readonly dense: ReadonlyMap<SideName, readonly number[]>;
}

const BLOCK = 20;

interface Runner extends Participant {
  readonly side: RunningSide;
  readonly loadMs: number;
  /** Milliseconds by block number. */
  readonly blockMs: Map<number, number>;
}

export async function measureSingles(
  contenders: Contenders,
  participants: readonly Participant[],
  texts: readonly string[],
  counts: readonly number[],
): Promise<Singles> {
  const runners: Runner[] = [];
  for (const participant of participants) {
    const side = await contenders.open(participant.name);
    const { loadMs, engine } = await side.load();
    note(`${participant.name}: ${engine}, loaded in ${(loadMs / 1000).toFixed(1)} s`);
    await warmUp(side, texts);
    runners.push({ ...participant, side, loadMs, blockMs: new Map() });
  }
  const dense = new Map<SideName, readonly number[]>();
  for (let block = 0; block * BLOCK < texts.length; block++) {
    const slice = texts.slice(block * BLOCK, (block + 1) * BLOCK);
    const order = block % 2 === 0 ? runners : runners.toReversed();
    for (const { name, side, share, blockMs } of order) {
      if (block % share !== 0) continue;
      const figures = await side.encode(slice, 1);
      blockMs.set(block, sum(figures.callMs));
      if (block === 0) dense.set(name, figures.dense);
    }
    note(`one at a time: ${Math.min((block + 1) * BLOCK, texts.length)} of ${texts.length} texts`);
  }
  const rows = await Promise.all(runners.map((runner) => singlesRow(runner, counts)));
  for (const { side } of runners) await side.close();
  const msOf = (name: SideName) => runners.find((runner) => runner.name === name)?.blockMs ?? new Map<number, number>();
  const ratio = (fast: SideName, slow: SideName) =>
    median([...msOf(fast)].flatMap(([block, ms]) => (msOf(slow).has(block) ? [msOf(slow).get(block)! / ms] : [])));
  return { rows, ratio, dense };
}

/** A few short and long texts, so that compilers and memory have settled. */
export async function warmUp(side: RunningSide, texts: readonly string[]): Promise<void> {
  await side.encode(texts.slice(-WARM_UP_TEXTS), 1);
}

const WARM_UP_TEXTS = 6;

async function singlesRow({ name, side, loadMs, blockMs }: Runner, counts: readonly number[]): Promise<Row> {
  const own = [...blockMs.keys()].flatMap((block) => counts.slice(block * BLOCK, (block + 1) * BLOCK));
  return {
    side: name,
    calls: "one at a time",
    texts: own.length,
    tokens: sum(own),
    computedTokens: sum(own),
    seconds: sum([...blockMs.values()]) / 1000,
    loadSeconds: loadMs / 1000,
    peakMiB: await side.peakMemoryMiB(),
  };
}
