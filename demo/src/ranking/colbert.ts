/**
 * ColBERT's score of a question with a page whose vectors are signs: each vector of the question in full precision, its products with all 256 values of
 * every sign byte looked up in a table, so a product costs one addition for 8 numbers.
 */
import type { TokenVectors } from "bge-m3-web";
import type { PageVectors } from "../vectors/read.ts";

/** Sums for every (vector of the question, byte position, byte value): [tokens, dim / 8, 256]. */
export interface SignTables {
  readonly tokens: number;
  readonly bytes: number;
  readonly sums: Float32Array;
}

export function signTables({ data, tokens, dim }: TokenVectors): SignTables {
  const bytes = dim / 8;
  const sums = new Float32Array(tokens * bytes * 256);
  for (let table = 0; table < tokens * bytes; table++) {
    const numbers = data.subarray(table * 8, table * 8 + 8);
    const at = table * 256;
    let allNegative = 0;
    for (const number of numbers) allNegative -= number;
    sums[at] = allNegative;
    // The value without its lowest set bit is done already; that bit turns its number from minus to plus.
    for (let value = 1; value < 256; value++) {
      const lowestBit = 31 - Math.clz32(value & -value);
      sums[at + value] = sums[at + (value & (value - 1))]! + 2 * numbers[lowestBit]!;
    }
  }
  return { tokens, bytes, sums };
}

export interface PageMatch {
  /** Mean over the question's vectors of the best match in the page. */
  readonly score: number;
  /** The same for every line alone; -Infinity for a line that the model did not read. */
  readonly lines: Float32Array;
}

/** The best match of every vector of the question, line by line, and in the page as a whole. */
export function matchPage(tables: SignTables, page: number, { colbertScale, sections }: PageVectors): PageMatch {
  const { colbertStarts, colbertSigns, lineStarts, lineVectors } = sections;
  const { tokens, bytes, sums } = tables;
  const firstVector = colbertStarts[page]!;
  const vectors = colbertStarts[page + 1]! - firstVector;
  const lineOffset = lineStarts[page]!;
  const lines = new Float32Array(lineStarts[page + 1]! - lineOffset);
  let pageSum = 0;
  for (let token = 0; token < tokens; token++) {
    const tokenTables = token * bytes * 256;
    let best = Number.NEGATIVE_INFINITY;
    for (let line = 0; line < lines.length; line++) {
      const start = lineVectors[lineOffset + line]!;
      const end = line + 1 < lines.length ? lineVectors[lineOffset + line + 1]! : vectors;
      let bestOfLine = Number.NEGATIVE_INFINITY;
      for (let vector = start; vector < end; vector++) {
        const signs = (firstVector + vector) * bytes;
        let sum = 0;
        for (let byte = 0, table = tokenTables; byte < bytes; byte++, table += 256) sum += sums[table + colbertSigns[signs + byte]!]!;
        if (sum > bestOfLine) bestOfLine = sum;
      }
      lines[line]! += bestOfLine;
      if (bestOfLine > best) best = bestOfLine;
    }
    pageSum += best;
  }
  const toMean = colbertScale / tokens;
  return { score: pageSum * toMean, lines: lines.map((sum) => sum * toMean) };
}
