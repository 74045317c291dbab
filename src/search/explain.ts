/** Why a document was found: the terms that query and document share, and the document token that each query token met. */
import type { TokenVectors } from "#core/embedding.ts";
import { restoreTokens } from "#scoring/maxsim/token-matrix.ts";
import { IMPACT_WEIGHTS } from "./postings/impact.ts";
import type { SearchPlan } from "./query.ts";
import type { SegmentFiles } from "./segment/segment-files.ts";
import type { TokenFile } from "./vectors/token-file.ts";

export interface TermMatch {
  /** Vocabulary id. */
  readonly term: number;
  readonly queryWeight: number;
  /** As stored, in 8 bits. */
  readonly documentWeight: number;
  readonly product: number;
}

export interface TokenMatch {
  /** Row of the query's token vectors. */
  readonly query: number;
  /** Row of the document's stored token vectors: with pooling several tokens share one. */
  readonly document: number;
  readonly similarity: number;
}

export interface HitExplanation {
  /** Largest product first. */
  readonly terms: readonly TermMatch[];
  /** One for each query token. */
  readonly tokens: readonly TokenMatch[];
}

export async function explainHit(files: SegmentFiles, document: number, { lexical, colbert }: SearchPlan): Promise<HitExplanation> {
  const [terms, tokens] = await Promise.all([
    lexical && files.lexical ? explainTerms(files.lexical, document, lexical) : [],
    colbert && files.tokens ? explainTokens(files.tokens, document, colbert) : [],
  ]);
  return { terms, tokens };
}

async function explainTerms(file: NonNullable<SegmentFiles["lexical"]>, document: number, query: NonNullable<SearchPlan["lexical"]>): Promise<TermMatch[]> {
  const matches: TermMatch[] = [];
  for (const [term, cursor] of await file.cursors(Object.keys(query).map(Number))) {
    cursor.seek(document);
    if (cursor.document !== document) continue;
    const [queryWeight, documentWeight] = [query[term]!, IMPACT_WEIGHTS[cursor.value]!];
    matches.push({ term, queryWeight, documentWeight, product: queryWeight * documentWeight });
  }
  return matches.sort((a, b) => b.product - a.product || a.term - b.term);
}

async function explainTokens(file: TokenFile, document: number, query: TokenVectors): Promise<TokenMatch[]> {
  const { values, dim } = restoreTokens(await file.matrix(document));
  const tokens = values.length / dim;
  if (tokens === 0) return [];
  return Array.from({ length: query.tokens }, (_, row) => {
    let best = { document: 0, similarity: Number.NEGATIVE_INFINITY };
    for (let token = 0; token < tokens; token++) {
      let similarity = 0;
      for (let index = 0; index < dim; index++) similarity += query.data[row * dim + index]! * values[token * dim + index]!;
      if (similarity > best.similarity) best = { document: token, similarity };
    }
    return { query: row, ...best };
  });
}
