/** Packs embeddings for the way to the main thread: a handful of buffers to transfer, however many texts. `client/unpack.ts` is the inverse. */
import type { Embeddings, LexicalWeights, TokenVectors } from "#core/embedding.ts";
import type { PackedEmbeddings } from "./protocol.ts";

export function packEmbeddings({ denseVecs, lexicalWeights, colbertVecs, truncated, tokenCounts }: Embeddings): PackedEmbeddings {
  return {
    dense: denseVecs && packDense(denseVecs),
    lexical: lexicalWeights && packLexical(lexicalWeights),
    colbert: colbertVecs && packColbert(colbertVecs),
    truncated: Uint8Array.from(truncated, Number),
    tokenCounts: Int32Array.from(tokenCounts),
  };
}

/** The buffers of a packed result: they move, the worker's side is empty afterwards. */
export function buffersOf({ dense, lexical, colbert, truncated, tokenCounts }: PackedEmbeddings): ArrayBuffer[] {
  const arrays = [dense?.data, lexical?.ids, lexical?.weights, lexical?.starts, colbert?.data, colbert?.starts, truncated, tokenCounts];
  return arrays.flatMap((array) => (array ? [array.buffer as ArrayBuffer] : []));
}

function packDense(vectors: readonly Float32Array[]): PackedEmbeddings["dense"] {
  const dim = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * dim);
  vectors.forEach((vector, text) => {
    data.set(vector, text * dim);
  });
  return { data, dim };
}

function packLexical(texts: readonly LexicalWeights[]): PackedEmbeddings["lexical"] {
  const entries = texts.map((weights) => Object.entries(weights));
  const starts = startsOf(entries.map(({ length }) => length));
  const ids = new Int32Array(starts.at(-1)!);
  const weights = new Float32Array(starts.at(-1)!);
  let at = 0;
  for (const [id, weight] of entries.flat()) {
    ids[at] = Number(id);
    weights[at] = weight;
    at++;
  }
  return { ids, weights, starts };
}

function packColbert(texts: readonly TokenVectors[]): PackedEmbeddings["colbert"] {
  const dim = texts[0]?.dim ?? 0;
  const starts = startsOf(texts.map(({ tokens }) => tokens));
  const data = new Float32Array(starts.at(-1)! * dim);
  texts.forEach((vectors, text) => {
    data.set(vectors.data.subarray(0, vectors.tokens * dim), starts[text]! * dim);
  });
  return { data, dim, starts };
}

/** Running sums, from 0 to the total. */
function startsOf(counts: readonly number[]): Int32Array {
  const starts = new Int32Array(counts.length + 1);
  counts.forEach((count, index) => {
    starts[index + 1] = starts[index]! + count;
  });
  return starts;
}
