/**
 * How alike two texts are token by token: FlagEmbedding's `colbert_score` (late interaction, "MaxSim").
 *
 * This is the plain form for single pairs. It accumulates in float64 and knows no kernels.
 */
import type { TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";

/**
 * For each query vector the largest inner product with any passage vector; their sum, divided by the number of query vectors.
 *
 * @throws InvalidInputError when a side has no vectors, or the widths differ
 */
export function colbertScore(query: TokenVectors, passage: TokenVectors): number {
  checkVectors(query, "query");
  checkVectors(passage, "passage");
  const { dim } = query;
  if (passage.dim !== dim) throw new InvalidInputError("passage.dim", `${dim}, as the query's`, passage.dim);
  const [queryData, passageData] = [query.data, passage.data];
  let sum = 0;
  for (let queryStart = 0; queryStart < query.tokens * dim; queryStart += dim) {
    let best = Number.NEGATIVE_INFINITY;
    for (let passageStart = 0; passageStart < passage.tokens * dim; passageStart += dim) {
      let product = 0;
      for (let index = 0; index < dim; index++) product += queryData[queryStart + index]! * passageData[passageStart + index]!;
      if (product > best) best = product;
    }
    sum += best;
  }
  return sum / query.tokens;
}

function checkVectors(value: TokenVectors, path: string): void {
  const { data, tokens, dim } = value ?? {};
  const isWhole = data instanceof Float32Array && Number.isSafeInteger(tokens) && Number.isSafeInteger(dim) && data.length >= tokens * dim;
  if (!isWhole || tokens < 1 || dim < 1) throw new InvalidInputError(path, "token vectors { data, tokens, dim } with at least one row", value);
}
