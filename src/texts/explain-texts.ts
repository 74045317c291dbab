/** An explanation by vocabulary ids and rows of vectors, as ranges of characters in the question and in the document: what a page can highlight. */
import type { M3Encoder } from "#encoder/encoder.ts";
import type { HitExplanation } from "#search/explain.ts";
import { contentOf, type StoredPassage } from "./passages.ts";
import type { CharacterRange, DocumentRange, SearchExplanation } from "./types.ts";

/** A question, with the ids and ranges of its tokens, row by row. */
export interface QueryTokens {
  readonly query: string;
  readonly ids: Int32Array;
  readonly offsets: Int32Array;
}

/** @param pooled whether a stored vector may stand for several tokens, and so for no place */
export function explainTexts(
  encoder: M3Encoder,
  asked: QueryTokens,
  passage: StoredPassage,
  { terms, tokens }: HitExplanation,
  pooled: boolean,
): SearchExplanation {
  const found = encoder.tokens(contentOf(passage), "passage");
  const queryRange = (row: number): CharacterRange => ({ start: asked.offsets[2 * row]!, end: asked.offsets[2 * row + 1]! });
  const passageRange = (row: number) => documentRange(passage, { start: found.offsets[2 * row]!, end: found.offsets[2 * row + 1]! });
  // The last row is of the token that closes a text.
  const isText = (ids: Int32Array, row: number) => row < ids.length - 1;
  return {
    terms: terms.map(({ term, queryWeight, documentWeight, product }) => {
      const query = rowsOf(asked.ids, term).map(queryRange);
      const token = query[0] ? asked.query.slice(query[0].start, query[0].end) : "";
      return { token, queryWeight, passageWeight: documentWeight, product, query, passage: rowsOf(found.ids, term).map(passageRange) };
    }),
    tokens: tokens.map(({ query, document, similarity }) => ({
      query: isText(asked.ids, query) ? queryRange(query) : null,
      passage: !pooled && isText(found.ids, document) ? passageRange(document) : null,
      similarity,
    })),
  };
}

function rowsOf(ids: Int32Array, term: number): number[] {
  return [...ids.keys()].filter((row) => ids[row] === term);
}

/** Where a range of what the model read is in the document. */
function documentRange({ title, titleRead, range }: StoredPassage, { start, end }: CharacterRange): DocumentRange {
  if (title !== "" && start < titleRead) return { of: "title", start, end: Math.min(end, titleRead) };
  const before = title === "" ? 0 : titleRead + 1;
  return { of: "text", start: start - before + range[0], end: end - before + range[0] };
}
