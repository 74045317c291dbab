/** Where the numbers of a batch lie above the weights: computed alike by every thread from the batch's shape. Addresses are bytes. */
import { aligned } from "./linear-memory.ts";
import type { EncoderWeights } from "./weights.ts";

/** Rows that go through the products together. Their intermediate values stay in the cache. */
export const BLOCK_ROWS = 32;

/** Of one thread. */
export interface Scratch {
  readonly act: number;
  readonly offsets: number;
  readonly rowScales: number;
  /** f32 [BLOCK_ROWS, hidden]. */
  readonly result: number;
  /** f32 [BLOCK_ROWS, intermediate], and hidden layers of heads. */
  readonly wide: number;
  readonly wide2: number;
  /** f32 [BLOCK_ROWS, 2 hidden], where a head reads first hidden states. */
  readonly both: number;
  readonly attention: number;
}

export interface WorkSpace {
  /** f32 [tokens, hidden]. */
  readonly hidden: number;
  /** f32 [tokens, hidden]: first hidden states, where a head reads them. */
  readonly first: number;
  /** f32 [tokens, 3 hidden]: query, key, value; what attention gives takes the place of the query. */
  readonly projected: number;
  /** f32 [tokens, 8], the first of which counts. */
  readonly lexical: number;
  /** f32 [tokens, dim filled up to eights]. */
  readonly colbert: number;
  readonly scratch: readonly Scratch[];
  /** Where it ends. */
  readonly end: number;
}

export interface BatchShape {
  readonly tokens: number;
  /** Tokens of the longest text. */
  readonly longest: number;
}

export function planWorkSpace(weights: EncoderWeights, { tokens, longest }: BatchShape, begin: number, threads: number): WorkSpace {
  const { hiddenSize, intermediateSize, attentionHeads, lexical, colbert, keepsFirstStates } = weights;
  let end = aligned(begin);
  const take = (bytes: number) => {
    const address = end;
    end = aligned(end + bytes);
    return address;
  };
  const widest = Math.max(hiddenSize, intermediateSize, ...[...(lexical ?? []), ...(colbert ?? [])].map(({ outputs }) => outputs));
  const keys = Math.ceil(longest / 8) * 8;
  const dim = hiddenSize / attentionHeads;
  const hidden = take(tokens * hiddenSize * 4);
  const first = take(keepsFirstStates ? tokens * hiddenSize * 4 : 0);
  const projected = take(tokens * 3 * hiddenSize * 4);
  const lexicalAt = take(lexical ? tokens * lexical.at(-1)!.outputs * 4 : 0);
  const colbertAt = take(colbert ? tokens * colbert.at(-1)!.outputs * 4 : 0);
  const scratch = Array.from({ length: threads }, () => ({
    act: take(BLOCK_ROWS * widest * 2),
    // As quantiseBytes in assembly/relaxed/quantise.ts has it, 80 bytes for four rows of a block of 32; of blocks it is less.
    offsets: take((BLOCK_ROWS * widest * 5) / 8),
    rowScales: take(BLOCK_ROWS * 8),
    result: take(BLOCK_ROWS * hiddenSize * 4),
    wide: take(BLOCK_ROWS * widest * 4),
    wide2: take(BLOCK_ROWS * widest * 4),
    both: take(keepsFirstStates ? BLOCK_ROWS * 2 * hiddenSize * 4 : 0),
    // As attentionScratch in assembly/shared/attention.ts has it; in whole numbers and in bytes it is less.
    attention: take((2 * keys * dim + 2 * 32 * dim + 32 * 256 + 4 * 32) * 4 + 64),
  }));
  return { hidden, first, projected, lexical: lexicalAt, colbert: colbertAt, scratch, end };
}
