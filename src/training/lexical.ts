/**
 * The lexical score of every query with every passage of a batch, and its gradient: score(q, p) = Σ over ids in both of w_q(id) · w_p(id), where w(id) is the
 * largest relu output among the tokens of that id (FlagEmbedding's `_sparse_embedding`). The gradient goes to the token that had the largest weight.
 */
import { type Floats, zerosLike } from "./matrix.ts";
import type { TextTokens } from "./text-states.ts";

/** One text: the row that gives the weight of each id. */
type Terms = ReadonlyMap<number, number>;

/**
 * Places of the tokens of each text that can have a part in a score: those whose id is on both sides. All others have no gradient, and the head need not be
 * computed for them, which saves most of the work.
 */
export function sharedTokens(queries: readonly TextTokens[], passages: readonly TextTokens[], specialIds: ReadonlySet<number>): Int32Array[] {
  const idsOf = (texts: readonly TextTokens[]) => new Set(texts.flatMap(({ ids, skipped }) => [...ids.subarray(skipped)]));
  const inPassages = idsOf(passages);
  const shared = new Set([...idsOf(queries)].filter((id) => inPassages.has(id) && !specialIds.has(id)));
  return [...queries, ...passages].map(({ ids, skipped }) => {
    const places: number[] = [];
    for (let token = skipped; token < ids.length; token++) if (shared.has(ids[token]!)) places.push(token);
    return Int32Array.from(places);
  });
}

export interface LexicalScores {
  /** [queries, passages] */
  readonly scores: Floats;
  readonly queryTerms: readonly Terms[];
  readonly passageTerms: readonly Terms[];
}

/**
 * For each text, the row with the largest weight of each id; ids whose weight is 0 are left out.
 * @param tokens places of the rows in each text; rows of text t begin at `starts[t]`
 */
export function heaviestRows(texts: readonly TextTokens[], tokens: readonly Int32Array[], starts: readonly number[], weights: Floats): Terms[] {
  return texts.map(({ ids }, text) => {
    const heaviest = new Map<number, number>();
    for (const [index, token] of tokens[text]!.entries()) {
      const row = starts[text]! + index;
      if (weights[row]! <= 0) continue;
      const id = ids[token]!;
      const other = heaviest.get(id);
      if (other === undefined || weights[row]! > weights[other]!) heaviest.set(id, row);
    }
    return heaviest;
  });
}

/** @param weights relu output of every row, of queries and passages alike */
export function lexicalScores(queryTerms: readonly Terms[], passageTerms: readonly Terms[], weights: Floats): LexicalScores {
  const scores = zerosLike(weights, queryTerms.length * passageTerms.length);
  forEachMatch({ queryTerms, passageTerms }, (place, queryRow, passageRow) => {
    scores[place]! += weights[queryRow]! * weights[passageRow]!;
  });
  return { scores, queryTerms, passageTerms };
}

/** The gradient by the weights of all rows. @param gradient by the scores, [queries, passages] */
export function backwardLexical(scores: LexicalScores, weights: Floats, gradient: Floats): Floats {
  const byWeights = zerosLike(weights, weights.length);
  forEachMatch(scores, (place, queryRow, passageRow) => {
    byWeights[queryRow]! += gradient[place]! * weights[passageRow]!;
    byWeights[passageRow]! += gradient[place]! * weights[queryRow]!;
  });
  return byWeights;
}

function forEachMatch(
  { queryTerms, passageTerms }: Pick<LexicalScores, "queryTerms" | "passageTerms">,
  visit: (place: number, queryRow: number, passageRow: number) => void,
): void {
  for (const [query, terms] of queryTerms.entries()) {
    for (const [passage, others] of passageTerms.entries()) {
      for (const [id, row] of terms) {
        const other = others.get(id);
        if (other !== undefined) visit(query * passageTerms.length + passage, row, other);
      }
    }
  }
}
