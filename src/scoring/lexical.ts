/** How alike two texts are by the vocabulary ids that they share: FlagEmbedding's `compute_lexical_matching_score`. */
import type { LexicalWeights } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";

/** Sum over the ids that both texts have of the product of their weights. @throws InvalidInputError for anything but two objects or two arrays of them */
export function computeLexicalMatchingScore(first: LexicalWeights, second: LexicalWeights): number;
/** Entry [i][j] is the score of `first[i]` and `second[j]`. @throws InvalidInputError for anything but two objects or two arrays of them */
export function computeLexicalMatchingScore(first: readonly LexicalWeights[], second: readonly LexicalWeights[]): number[][];
export function computeLexicalMatchingScore(first: unknown, second: unknown): number | number[][] {
  if (Array.isArray(first) && Array.isArray(second)) {
    const columns = second.map((weights, index) => checkWeights(weights, `second[${index}]`));
    return first.map((weights, index) => {
      const row = checkWeights(weights, `first[${index}]`);
      return columns.map((column) => matchingScore(row, column));
    });
  }
  if (Array.isArray(first)) throw new InvalidInputError("second", "an array of lexical weights, as the first is", second);
  return matchingScore(checkWeights(first, "first"), checkWeights(second, "second"));
}

function matchingScore(first: LexicalWeights, second: LexicalWeights): number {
  let sum = 0;
  for (const id in first) if (Object.hasOwn(first, id) && Object.hasOwn(second, id)) sum += first[id]! * second[id]!;
  return sum;
}

function checkWeights(value: unknown, path: string): LexicalWeights {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new InvalidInputError(path, "an object of weights by token id", value);
  return value as LexicalWeights;
}
