/**
 * Training pairs as texts, in FlagEmbedding's format: one JSON object a line, {"query": "…", "pos": ["…"], "neg": ["…"]}, and optionally "pos_scores" and
 * "neg_scores" of a teacher. Two fields are ours: "id" (pairs with the same id are no negatives of one another) and "group" (batches are made of one group,
 * as FlagEmbedding makes them of one file).
 */
import { InvalidInputError } from "#core/errors.ts";

export interface PairTexts {
  readonly query: string;
  /** At least one. */
  readonly pos: readonly string[];
  readonly neg: readonly string[];
  /** As many as `pos` and `neg`; both or neither. */
  readonly posScores?: readonly number[] | undefined;
  readonly negScores?: readonly number[] | undefined;
  readonly id?: string | undefined;
  readonly group?: string | undefined;
}

/** "prompt" and "type" are FlagEmbedding's, for other models; they are passed over. */
const FIELDS = ["query", "pos", "neg", "pos_scores", "neg_scores", "id", "group", "prompt", "type"];
const EXAMPLE = '{"query": "…", "pos": ["…"], "neg": ["…"]}';

/**
 * @param place for messages, such as `pairs.jsonl, line 3`
 * @throws InvalidInputError that names the field, the line, and what it must be
 */
export function parsePair(line: string, place: string): PairTexts {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(place, `a JSON object such as ${EXAMPLE} (${(cause as Error).message})`, line);
  }
  return checkPair(value, place);
}

/** A pair that comes as an object; otherwise as {@link parsePair}. */
export function checkPair(value: unknown, place: string): PairTexts {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(place, `a JSON object such as ${EXAMPLE}`, value);
  const pair = value as Record<string, unknown>;
  const path = (field: string) => `"${field}" in ${place},`;
  for (const field of Object.keys(pair)) {
    if (!FIELDS.includes(field)) throw new InvalidInputError(path(field), `left out (the fields are ${FIELDS.join(", ")})`, pair[field]);
  }
  const text = (field: string) => {
    if (typeof pair[field] !== "string" || pair[field].trim() === "") throw new InvalidInputError(path(field), "a text that is not empty", pair[field]);
    return pair[field];
  };
  const texts = (field: string): string[] => {
    const list = pair[field] ?? [];
    if (!Array.isArray(list) || list.some((item) => typeof item !== "string" || item.trim() === "")) {
      throw new InvalidInputError(path(field), "an array of texts that are not empty", list);
    }
    return list;
  };
  const scores = (field: string, count: number, of: string): number[] => {
    const list = pair[field];
    if (!Array.isArray(list) || list.length !== count || !list.every((item) => Number.isFinite(item))) {
      throw new InvalidInputError(path(field), `an array of ${count} numbers, one for each text of "${of}"`, list);
    }
    return list;
  };
  const name = (field: "id" | "group") => (pair[field] === undefined ? {} : { [field]: text(field) });
  const [query, pos, neg] = [text("query"), texts("pos"), texts("neg")];
  if (pos.length === 0) throw new InvalidInputError(path("pos"), "an array of at least one text that the query should find", pair.pos);
  const isScored = pair.pos_scores !== undefined || pair.neg_scores !== undefined;
  return {
    query,
    pos,
    neg,
    ...(isScored ? { posScores: scores("pos_scores", pos.length, "pos"), negScores: scores("neg_scores", neg.length, "neg") } : {}),
    ...name("id"),
    ...name("group"),
  };
}

/** The pair as a line of FlagEmbedding's format. */
export function formatPair({ query, pos, neg, posScores, negScores, id, group }: PairTexts): string {
  return JSON.stringify({ query, pos, neg, pos_scores: posScores, neg_scores: negScores, id, group });
}

/**
 * Leaves out pairs that are there already: the same query with the same first positive.
 * @throws InvalidInputError when fewer than two are left: pairs are the negatives of one another
 */
export function distinctPairs(pairs: readonly PairTexts[], place: string, what = "a file of"): PairTexts[] {
  const seen = new Set<string>();
  const distinct = pairs.filter(({ query, pos }) => {
    const key = JSON.stringify([query, pos[0]]);
    return !seen.has(key) && seen.add(key);
  });
  if (distinct.length < 2) {
    const which = pairs.length > distinct.length ? ` (${pairs.length} are there, all the same)` : "";
    throw new InvalidInputError(place, `${what} at least two different pairs${which}; make-pairs makes them from a corpus`, `${distinct.length} of them`);
  }
  return distinct;
}
