/**
 * The command `encode`, without its command line: lines of {"text"} in, lines of {"denseVecs", "lexicalWeights", "colbertVecs"} out, in the same order.
 *
 * Texts go to the encoder in chunks: large enough that batches of nearly equal length can be formed, small enough that a file of any size fits into memory.
 */
import type { Embeddings, EncodeOptions, TextKind } from "#core/embedding.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import type { TextLine } from "../json-lines.ts";
import type { LineWriter } from "../line-writer.ts";
import { shortFloat32, shortNumbers } from "../number-format.ts";

/** A chunk ends at this many texts, or at this many UTF-16 units: some 50,000 tokens, whose ColBERT vectors take 25 MB for m3-mini and 200 MB for BGE-M3. */
const CHUNK_TEXTS = 512;
const CHUNK_CHARACTERS = 200_000;

export interface EncodeFileOptions {
  readonly encoder: Pick<M3Encoder, "encode">;
  readonly kind: TextKind;
  /** Heads and lengths, as for the encoder. */
  readonly encode: EncodeOptions;
  /** Size of the input where it is known, for the progress. */
  readonly inputBytes?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EncodeSummary {
  readonly texts: number;
  /** Tokens of all texts as the model reads them, prompt and special tokens included. */
  readonly tokens: number;
  /** Texts that were cut. */
  readonly truncated: number;
}

/** @throws what the encoder throws; InvalidInputError for a bad line; the signal's reason */
export async function encodeLines(lines: AsyncIterable<TextLine>, output: LineWriter, options: EncodeFileOptions): Promise<EncodeSummary> {
  const { encoder, kind, encode, inputBytes, onProgress, signal } = options;
  const summary = { texts: 0, tokens: 0, truncated: 0 };
  let chunkStart = 0;
  for await (const chunk of chunks(lines)) {
    const chunkEnd = chunk.at(-1)!.endByte;
    const texts = chunk.map(({ text }) => text);
    const report: ProgressListener = ({ loaded, total }) => {
      const share = total === 0 ? 1 : loaded / total;
      if (inputBytes === undefined) onProgress?.({ phase: "encode", loaded: summary.texts + Math.floor(share * texts.length), total: 0, unit: "texts" });
      else onProgress?.({ phase: "encode", loaded: chunkStart + Math.floor(share * (chunkEnd - chunkStart)), total: inputBytes, unit: "bytes" });
    };
    const embeddings = await encoder.encode(texts, kind, { ...encode, signal, onProgress: report });
    for (let text = 0; text < texts.length; text++) await output.write(formatEmbedding(embeddings, text));
    chunkStart = chunkEnd;
    summary.texts += texts.length;
    summary.tokens += embeddings.tokenCounts.reduce((sum, count) => sum + count, 0);
    summary.truncated += embeddings.truncated.filter(Boolean).length;
  }
  return summary;
}

async function* chunks(lines: AsyncIterable<TextLine>): AsyncGenerator<TextLine[]> {
  let chunk: TextLine[] = [];
  let characters = 0;
  for await (const line of lines) {
    chunk.push(line);
    characters += line.text.length;
    if (chunk.length < CHUNK_TEXTS && characters < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = [];
    characters = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** One text as JSON; null for a head that was not asked for. */
function formatEmbedding({ denseVecs, lexicalWeights, colbertVecs }: Embeddings, text: number): string {
  const lexical = lexicalWeights && Object.entries(lexicalWeights[text]!).map(([id, weight]) => [id, shortFloat32(weight)] as const);
  const vectors = colbertVecs?.[text];
  return JSON.stringify({
    denseVecs: denseVecs && shortNumbers(denseVecs[text]!),
    lexicalWeights: lexical && Object.fromEntries(lexical),
    colbertVecs: vectors
      ? Array.from({ length: vectors.tokens }, (_, row) => shortNumbers(vectors.data.subarray(row * vectors.dim, (row + 1) * vectors.dim)))
      : null,
  });
}
