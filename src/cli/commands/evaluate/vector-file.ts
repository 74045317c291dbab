/**
 * Embeddings of a list of texts as one file: "M3EV", u32 length of a JSON header, the header, then little-endian arrays of 4 bytes a number. Every number is
 * kept as it came, since an evaluation compares exact scores with compressed ones.
 */
import type { LexicalWeights, TokenVectors } from "#core/embedding.ts";

/** All that a model with three heads says about a text; null for a head that it lacks. */
export interface TextVectors {
  readonly dense: Float32Array;
  readonly lexical: LexicalWeights | null;
  readonly colbert: TokenVectors | null;
  readonly truncated: boolean;
}

interface Header {
  readonly denseDim: number;
  /** Lexical weights of each text; null without that head. */
  readonly terms: readonly number[] | null;
  /** Token vectors of each text; null without that head. */
  readonly tokens: readonly number[] | null;
  readonly colbertDim: number;
  readonly truncated: readonly number[];
}

const MAGIC = "M3EV";

export function packVectors(vectors: readonly TextVectors[]): Uint8Array {
  const [first] = vectors;
  const header: Header = {
    denseDim: first?.dense.length ?? 0,
    terms: first?.lexical ? vectors.map(({ lexical }) => Object.keys(lexical!).length) : null,
    tokens: first?.colbert ? vectors.map(({ colbert }) => colbert!.tokens) : null,
    colbertDim: first?.colbert?.dim ?? 0,
    truncated: vectors.flatMap(({ truncated }, text) => (truncated ? [text] : [])),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(dataStart(json.length) + 4 * numbersOf(header, vectors.length));
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(4, json.length, true);
  bytes.set(json, 8);
  let at = dataStart(json.length);
  const put = (values: Float32Array | Uint32Array) => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  };
  for (const { dense } of vectors) put(dense);
  for (const { lexical } of vectors) {
    if (!lexical) continue;
    put(Uint32Array.from(Object.keys(lexical), Number));
    put(Float32Array.from(Object.values(lexical)));
  }
  for (const { colbert } of vectors) if (colbert) put(colbert.data.subarray(0, colbert.tokens * colbert.dim));
  return bytes;
}

/** @returns null when the bytes are not such a file, or not a whole one */
export function unpackVectors(bytes: Uint8Array<ArrayBuffer>, texts: number): TextVectors[] | null {
  const header = readHeader(bytes);
  if (!header) return null;
  const { denseDim, terms, tokens, colbertDim } = header.value;
  const wrongCount = (counts: readonly number[] | null) => counts !== null && counts.length !== texts;
  if (wrongCount(terms) || wrongCount(tokens) || bytes.length !== header.end + 4 * numbersOf(header.value, texts)) return null;
  // A copy of its own starts at 0, where views of 4-byte numbers may begin.
  const data = bytes.slice(header.end).buffer;
  let at = 0;
  const floats = (count: number) => {
    const view = new Float32Array(data, at, count);
    at += count * 4;
    return view;
  };
  const cut = new Set(header.value.truncated);
  const dense = Array.from({ length: texts }, () => floats(denseDim));
  const lexical = terms?.map((count) => {
    const ids = new Uint32Array(data, at, count);
    at += count * 4;
    const weights = floats(count);
    return Object.fromEntries(Array.from(ids, (id, term) => [id, weights[term]!])) as LexicalWeights;
  });
  const colbert = tokens?.map((count): TokenVectors => ({ data: floats(count * colbertDim), tokens: count, dim: colbertDim }));
  return dense.map((vector, text) => ({ dense: vector, lexical: lexical?.[text] ?? null, colbert: colbert?.[text] ?? null, truncated: cut.has(text) }));
}

function readHeader(bytes: Uint8Array): { readonly value: Header; readonly end: number } | null {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  try {
    return { value: JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))), end: dataStart(length) };
  } catch {
    return null;
  }
}

function dataStart(headerBytes: number): number {
  return 4 * Math.ceil((8 + headerBytes) / 4);
}

function numbersOf({ denseDim, terms, tokens, colbertDim }: Header, texts: number): number {
  const sum = (counts: readonly number[] | null) => (counts ?? []).reduce((total, count) => total + count, 0);
  return texts * denseDim + 2 * sum(terms) + sum(tokens) * colbertDim;
}
