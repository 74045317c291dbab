/** Embeddings of one language's pages, compressed into the demo's vector file (demo/src/vectors/format.ts has the layout). */
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";
import type { Header, Sections } from "../../demo/src/vectors/format.ts";
import { writeVectors } from "../../demo/src/vectors/write.ts";

export interface EmbeddedPage {
  readonly id: string;
  /** Unit vector. */
  readonly dense: Float32Array;
  readonly lexical: LexicalWeights;
  readonly colbert: TokenVectors;
  /** First vector of each line, title first. */
  readonly lineVectors: readonly number[];
  readonly truncated: boolean;
}

const MOST_INT8 = 127;
const MOST_UINT8 = 255;

export function packPages(language: string, fingerprint: string, pages: readonly EmbeddedPage[]): Uint8Array {
  const dense = packDense(pages.map((page) => page.dense));
  const lexical = packLexical(pages.map((page) => page.lexical));
  const colbert = packColbert(pages.map((page) => page.colbert));
  const header: Omit<Header, "lengths"> = {
    fingerprint,
    language,
    pages: pages.map(({ id }) => id),
    truncated: pages.flatMap(({ truncated }, page) => (truncated ? [page] : [])),
    denseDim: pages[0]!.dense.length,
    colbertDim: pages[0]!.colbert.dim,
    lexicalScale: lexical.scale,
    colbertScale: colbert.scale,
  };
  const lines = {
    lineStarts: Uint32Array.from(runningSums(pages.map((page) => page.lineVectors.length))),
    lineVectors: Uint16Array.from(pages.flatMap((page) => page.lineVectors)),
  };
  return writeVectors(header, { ...dense, ...lexical.sections, ...colbert.sections, ...lines });
}

/** Each row by a scale of its own: its largest number becomes 127. */
function packDense(rows: readonly Float32Array[]): Pick<Sections, "dense" | "denseScale"> {
  const scales = rows.map((row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / MOST_INT8);
  const dense = rows.flatMap((row, page) => Array.from(row, (value) => Math.round(value / scales[page]!)));
  return { dense: Int8Array.from(dense), denseScale: Float32Array.from(scales) };
}

/** An inverted list; a weight that would round to 0 is left out. */
function packLexical(pages: readonly LexicalWeights[]) {
  const heaviest = pages.reduce((most, weights) => Math.max(most, ...Object.values(weights)), 0);
  const scale = heaviest / MOST_UINT8;
  const postings = new Map<number, { page: number; weight: number }[]>();
  for (const [page, weights] of pages.entries()) {
    for (const [id, value] of Object.entries(weights)) {
      const weight = Math.round(value / scale);
      if (weight > 0) postings.set(Number(id), [...(postings.get(Number(id)) ?? []), { page, weight }]);
    }
  }
  const ids = [...postings.keys()].sort((a, b) => a - b);
  const inOrder = ids.map((id) => postings.get(id)!);
  const sections: Pick<Sections, "lexicalIds" | "lexicalStarts" | "lexicalPages" | "lexicalWeights"> = {
    lexicalIds: Uint32Array.from(ids),
    lexicalStarts: Uint32Array.from(runningSums(inOrder.map(({ length }) => length))),
    lexicalPages: Uint16Array.from(inOrder.flat(), ({ page }) => page),
    lexicalWeights: Uint8Array.from(inOrder.flat(), ({ weight }) => weight),
  };
  return { scale, sections };
}

/**
 * The signs of each vector v. The product of a question's vector with them, divided by |v|₁, is its product with v plus what the rounding adds at right
 * angles to v, which is 0 on average. |v|₁ hardly differs from vector to vector (2 %), so one mean stands for all.
 */
function packColbert(pages: readonly TokenVectors[]) {
  const vectors = pages.reduce((sum, { tokens }) => sum + tokens, 0);
  const sections: Pick<Sections, "colbertStarts" | "colbertSigns"> = {
    colbertStarts: Uint32Array.from(runningSums(pages.map(({ tokens }) => tokens))),
    colbertSigns: Uint8Array.from(pages.flatMap(({ data }) => signs(data))),
  };
  const sumOfNorms = pages.reduce((sum, { data }) => data.reduce((norm, value) => norm + Math.abs(value), sum), 0);
  return { scale: vectors / sumOfNorms, sections };
}

function signs(values: Float32Array): number[] {
  const bytes = new Array<number>(values.length / 8).fill(0);
  for (const [index, value] of values.entries()) if (value >= 0) bytes[index >> 3]! |= 1 << (index & 7);
  return bytes;
}

/** [0, a, a + b, …] of [a, b, …]. */
function runningSums(counts: readonly number[]): number[] {
  const sums = [0];
  for (const count of counts) sums.push(sums.at(-1)! + count);
  return sums;
}
