/** Cosine of a question with every page: unit vectors, the pages' as scaled int8. */
import type { PageVectors } from "../vectors/read.ts";

export function denseScores(query: Float32Array, { pages, denseDim, sections: { dense, denseScale } }: PageVectors): Float32Array {
  const scores = new Float32Array(pages.length);
  for (let page = 0; page < scores.length; page++) {
    const row = page * denseDim;
    let sum = 0;
    for (let i = 0; i < denseDim; i++) sum += query[i]! * dense[row + i]!;
    scores[page] = sum * denseScale[page]!;
  }
  return scores;
}
