/** The tokens that have lexical weights, as people read them. */
import type { LexicalWeights, M3 } from "bge-m3-web";
import type { QueryToken } from "./state.ts";

/** By id. One call with an object for each id, since two ids may have the same text. */
export async function tokensOf(m3: M3, weights: LexicalWeights, signal: AbortSignal): Promise<ReadonlyMap<number, QueryToken>> {
  const entries = Object.entries(weights);
  const texts = await m3.convertIdToToken(
    entries.map(([id, weight]) => ({ [id]: weight })),
    { signal },
  );
  return new Map(entries.map(([id, weight], index) => [Number(id), { text: Object.keys(texts[index]!)[0] ?? "", weight }]));
}
