/**
 * The lexical ("sparse") head: weights of tokens to weights of vocabulary ids, as FlagEmbedding's `_process_token_weights`: a repeated id counts once, with
 * its largest weight; special tokens and weights that are not above 0 are left out.
 */
import type { LexicalWeights } from "#core/embedding.ts";

/** Lexical weights as columns: ids ascending, each once, with weights > 0. Takes little room, and crosses to another thread without a copy. */
export interface LexicalEntries {
  readonly ids: Int32Array;
  readonly weights: Float32Array;
}

/**
 * @param ids the ids of one text's tokens
 * @param weights relu(sparse head) of each token
 * @param skipped ids that carry no meaning: `<s>`, `</s>`, `<pad>`, `<unk>` (`<mask>` counts, as in FlagEmbedding)
 * @param firstToken tokens before this one do not count: those of a prompt
 */
export function lexicalEntries(ids: Int32Array, weights: Float32Array, skipped: ReadonlySet<number>, firstToken = 0): LexicalEntries {
  const heaviest = new Map<number, number>();
  for (let token = firstToken; token < ids.length; token++) {
    const [id, weight] = [ids[token]!, weights[token]!];
    if (weight > (heaviest.get(id) ?? 0) && !skipped.has(id)) heaviest.set(id, weight);
  }
  const sortedIds = Int32Array.from(heaviest.keys()).sort();
  return { ids: sortedIds, weights: Float32Array.from(sortedIds, (id) => heaviest.get(id)!) };
}

/** The same in FlagEmbedding's form: {"id": weight}. */
export function toLexicalWeights({ ids, weights }: LexicalEntries): LexicalWeights {
  const record: LexicalWeights = {};
  for (let entry = 0; entry < ids.length; entry++) record[ids[entry]!] = weights[entry]!;
  return record;
}
