/** The command `make-pairs`, without its command line: pages to pairs with hard negatives. */

import { mineHardNegatives } from "#training/curation/hard-negatives.ts";
import { type MakePairsOptions, makePairs, type PairReport } from "#training/curation/make-pairs.ts";
import { type Page, parsePage } from "#training/curation/page.ts";
import { loadFastProduct } from "#training/fast-product.ts";
import { formatPair, type PairTexts } from "#training/pair-texts.ts";
import type { StatesSource } from "#training/text-states.ts";
import { tabulate } from "#training/text-table.ts";
import type { LineWriter } from "../../line-writer.ts";
import { readLines } from "../train-heads/read-pairs.ts";
import { openStatesCache, type StatesCacheOptions } from "../train-heads/states-cache.ts";

export interface MakePairsCommand {
  readonly file: string;
  readonly make: MakePairsOptions;
  /** Hard negatives of each pair; 0 needs no model. */
  readonly negatives: number;
  /** Part of the positive's score above which a passage is no negative. */
  readonly ceiling: number;
  readonly states: StatesCacheOptions | null;
}

export interface MakePairsSummary extends PairReport {
  readonly pairs: number;
  /** Hard negatives of all pairs together. */
  readonly negatives: number;
}

/** @throws InvalidInputError for the corpus; what encoding throws; the signal's reason */
export async function writePairs(output: LineWriter, { file, make, negatives, ceiling, states }: MakePairsCommand): Promise<MakePairsSummary> {
  const pages: Page[] = [];
  for (const { line, number } of await readLines(file)) pages.push(parsePage(line, `${file}, line ${number}`));
  const { pairs, report } = makePairs(pages, make);
  const finished = states && negatives > 0 ? await withNegatives(pairs, states, negatives, ceiling) : pairs;
  for (const pair of finished) await output.write(formatPair(pair));
  return { ...report, pairs: finished.length, negatives: finished.reduce((sum, { neg }) => sum + neg.length, 0) };
}

async function withNegatives(pairs: readonly PairTexts[], options: StatesCacheOptions, count: number, ceiling: number): Promise<PairTexts[]> {
  const table = tabulate(pairs);
  const source = await openStatesCache(table.texts, options);
  try {
    await loadFastProduct();
    const vectors = await denseVectors(source, table.texts.length);
    const mining = table.pairs.map(({ query, positives, id, group }) => ({ query, passage: positives[0]!, id, group: group.replace(/^to /, "") }));
    const found = mineHardNegatives(mining, vectors, vectors, source.hiddenSize, { count, ceiling });
    return pairs.map((pair, index) => ({ ...pair, neg: found[index]!.map((text) => table.texts[text]!.text) }));
  } finally {
    source.close();
  }
}

async function denseVectors(source: StatesSource, count: number): Promise<Float32Array> {
  const vectors = new Float32Array(count * source.hiddenSize);
  for (let text = 0; text < count; text++) vectors.set(await source.dense(text), text * source.hiddenSize);
  return vectors;
}
