/**
 * MaxSim in float64, slow and plain: what the kernels are tested against. score = mean over query tokens of the largest dot product with any document token.
 */
import type { TokenVectors } from "#core/embedding.ts";
import { restoreTokens, type TokenMatrix } from "./token-matrix.ts";

/** One score a document; 0 for a document without tokens, and for all when the query has none. */
export function maxsimReference(query: TokenVectors, documents: TokenMatrix): Float64Array {
  const { dim, counts, values } = restoreTokens(documents);
  const scores = new Float64Array(counts.length);
  let first = 0;
  for (const [document, count] of counts.entries()) {
    if (count > 0 && query.tokens > 0) {
      let sum = 0;
      for (let q = 0; q < query.tokens; q++) {
        let best = Number.NEGATIVE_INFINITY;
        for (let token = first; token < first + count; token++) {
          let dot = 0;
          for (let index = 0; index < dim; index++) dot += query.data[q * dim + index]! * values[token * dim + index]!;
          if (dot > best) best = dot;
        }
        sum += best;
      }
      scores[document] = sum / query.tokens;
    }
    first += count;
  }
  return scores;
}
