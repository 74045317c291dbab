/** What every side of the encode bench can do, wherever it runs: a page in Chromium or a Node process. */

/** What the peer's users put before a passage by hand; ours comes from the manifest. */
export const PASSAGE_PROMPT = "passage: ";

/** Folder of the peer's model in .cache/peers. */
export const PEER_MODEL = "e5-small-q8";

/** Threads of every side. */
export const THREADS = 2;

/** Width of m3-mini's dense vector. */
const DENSE_WIDTH = 384;

/** Figures of a load: from nothing to ready for the first text. */
export interface LoadFigures {
  readonly loadMs: number;
  /** What runs, in the side's own words. */
  readonly engine: string;
}

/** Figures of some calls. */
export interface EncodeFigures {
  /** Wall time of each call, in order. */
  readonly callMs: readonly number[];
  /** First text's dense vector, to see that it is the right model. */
  readonly dense: readonly number[];
}

/** A side, as its page or process implements it. */
export interface BenchSide {
  load(): Promise<LoadFigures>;
  /** Encodes the texts in calls of `listSize` texts, one call after another. */
  encode(texts: readonly string[], listSize: number): Promise<EncodeFigures>;
  /** Tokens that the side reads of each text, prompt and special tokens included. Not timed. */
  countTokens(texts: readonly string[]): Promise<readonly number[]>;
}

/** Calls `encode` for slices of the texts and takes the time of each. It gives the first text's dense vector, or all of them one after another. */
export async function timeCalls(texts: readonly string[], listSize: number, encode: (slice: string[]) => Promise<ArrayLike<number>>): Promise<EncodeFigures> {
  const callMs: number[] = [];
  let dense: readonly number[] = [];
  for (let start = 0; start < texts.length; start += listSize) {
    const slice = texts.slice(start, start + listSize);
    const began = performance.now();
    const vector = await encode(slice);
    callMs.push(performance.now() - began);
    if (start === 0) dense = Array.from(vector).slice(0, DENSE_WIDTH);
  }
  return { callMs, dense };
}
