/** The inverse of `worker/transfer.ts`: embeddings as views of the buffers that came over. */
import type { Embedding, Embeddings, LexicalWeights, TokenVectors } from "#core/embedding.ts";
import type { PackedEmbeddings } from "#worker/protocol.ts";

/** Vectors are views of one shared buffer: keeping one keeps them all. */
export function unpackEmbeddings(packed: PackedEmbeddings): Embeddings {
  const { dense, lexical, colbert } = packed;
  const texts = packed.tokenCounts.length;
  const perText = <T>(unpack: (text: number) => T): T[] => Array.from({ length: texts }, (_, text) => unpack(text));
  return {
    denseVecs: dense && perText((text) => dense.data.subarray(text * dense.dim, (text + 1) * dense.dim)),
    lexicalWeights: lexical && perText((text) => unpackLexical(lexical, text)),
    colbertVecs: colbert && perText((text) => unpackColbert(colbert, text)),
    truncated: Array.from(packed.truncated, Boolean),
    tokenCounts: Array.from(packed.tokenCounts),
  };
}

/** The only text of a list of one. */
export function unwrapEmbedding({ denseVecs, lexicalWeights, colbertVecs, truncated, tokenCounts }: Embeddings): Embedding {
  return {
    denseVecs: denseVecs && denseVecs[0]!,
    lexicalWeights: lexicalWeights && lexicalWeights[0]!,
    colbertVecs: colbertVecs && colbertVecs[0]!,
    truncated: truncated[0]!,
    tokenCounts: tokenCounts[0]!,
  };
}

function unpackLexical({ ids, weights, starts }: NonNullable<PackedEmbeddings["lexical"]>, text: number): LexicalWeights {
  const lexicalWeights: LexicalWeights = {};
  for (let entry = starts[text]!; entry < starts[text + 1]!; entry++) lexicalWeights[ids[entry]!] = weights[entry]!;
  return lexicalWeights;
}

function unpackColbert({ data, dim, starts }: NonNullable<PackedEmbeddings["colbert"]>, text: number): TokenVectors {
  const [start, end] = [starts[text]!, starts[text + 1]!];
  return { data: data.subarray(start * dim, end * dim), tokens: end - start, dim };
}
