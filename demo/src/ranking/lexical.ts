/** Lexical matching score of a question with every page: the sum, over the token ids that both have, of the products of their weights. */
import type { LexicalWeights } from "bge-m3-web";
import type { PageVectors } from "../vectors/read.ts";

export function lexicalScores(query: LexicalWeights, vectors: PageVectors): Float32Array {
  const scores = new Float32Array(vectors.pages.length);
  const { lexicalPages, lexicalWeights } = vectors.sections;
  for (const [id, weight] of Object.entries(query)) {
    const [start, end] = postings(Number(id), vectors);
    for (let i = start; i < end; i++) scores[lexicalPages[i]!]! += weight * lexicalWeights[i]! * vectors.lexicalScale;
  }
  return scores;
}

/** The ids of the question that a page has too. */
export function sharedIds(query: LexicalWeights, page: number, vectors: PageVectors): number[] {
  const has = (id: number) => {
    const [start, end] = postings(id, vectors);
    return vectors.sections.lexicalPages.subarray(start, end).includes(page);
  };
  return Object.keys(query).map(Number).filter(has);
}

/** Range of an id's postings; empty for an id that no page has. */
function postings(id: number, { sections: { lexicalIds, lexicalStarts } }: PageVectors): readonly [number, number] {
  let low = 0;
  let high = lexicalIds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lexicalIds[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return lexicalIds[low] === id ? [lexicalStarts[low]!, lexicalStarts[low + 1]!] : [0, 0];
}
