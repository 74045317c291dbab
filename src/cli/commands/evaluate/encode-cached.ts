/**
 * Texts to vectors, with what was computed before kept on disk: evaluations are repeated, and encoding takes nearly all of their time.
 *
 * A file holds a chunk of texts. Its name is a digest of everything that its numbers depend on: model, arithmetic, kind, length and the texts themselves. So
 * nothing ever has to be invalidated, and a run that was interrupted goes on behind its last chunk.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { TextKind } from "#core/embedding.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import { packVectors, type TextVectors, unpackVectors } from "./vector-file.ts";

/** Enough for batches of nearly equal length; what an interruption may cost. */
const CHUNK_TEXTS = 128;

export interface CachedEncoderParts {
  readonly encoder: Pick<M3Encoder, "encode">;
  readonly manifest: Pick<Manifest, "fingerprint" | "heads">;
  /** What else the numbers depend on: engine and precision. */
  readonly arithmetic: string;
  /** Most tokens of a text. */
  readonly maxLength: number;
  /** Folder for the files; null keeps nothing. */
  readonly folder: string | null;
}

export interface EncodeCachedOptions {
  /** Told how many texts are done, and how many characters had to be computed for them. */
  readonly onProgress?: ((texts: number, computedCharacters: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class CachedEncoder {
  readonly #parts: CachedEncoderParts;

  constructor(parts: CachedEncoderParts) {
    this.#parts = parts;
  }

  /** Vectors of the texts, a chunk at a time, in order. @throws what the encoder throws; the signal's reason */
  async *encode(texts: readonly string[], kind: TextKind, { onProgress, signal }: EncodeCachedOptions = {}): AsyncGenerator<TextVectors[]> {
    let computed = 0;
    for (let start = 0; start < texts.length; start += CHUNK_TEXTS) {
      signal?.throwIfAborted();
      const chunk = texts.slice(start, start + CHUNK_TEXTS);
      const size = chunk.reduce((sum, { length }) => sum + length, 0);
      const file = this.#fileOf(chunk, kind);
      let vectors = file === null ? null : await readStored(file, chunk.length);
      if (!vectors) {
        const report = (share: number) => onProgress?.(start + Math.floor(share * chunk.length), computed + share * size);
        vectors = await this.#compute(chunk, kind, report, signal);
        if (file !== null) await writeWhole(file, packVectors(vectors));
        computed += size;
      }
      onProgress?.(start + chunk.length, computed);
      yield vectors;
    }
  }

  async #compute(texts: readonly string[], kind: TextKind, onShare: (share: number) => void, signal: AbortSignal | undefined): Promise<TextVectors[]> {
    const { encoder, manifest, maxLength } = this.#parts;
    const { lexical, colbert } = manifest.heads;
    const onProgress = ({ loaded, total }: ProgressEvent) => onShare(total > 0 ? loaded / total : 1);
    const options = { maxLength, returnSparse: lexical !== null, returnColbertVecs: colbert !== null, signal, onProgress };
    const { denseVecs, lexicalWeights, colbertVecs, truncated } = await encoder.encode(texts, kind, options);
    return texts.map((_, text) => ({
      dense: denseVecs![text]!,
      lexical: lexicalWeights?.[text] ?? null,
      colbert: colbertVecs?.[text] ?? null,
      truncated: truncated[text]!,
    }));
  }

  #fileOf(texts: readonly string[], kind: TextKind): string | null {
    const { manifest, arithmetic, maxLength, folder } = this.#parts;
    if (folder === null) return null;
    const digest = createHash("sha256")
      .update(JSON.stringify([manifest.fingerprint, arithmetic, kind, maxLength, texts]))
      .digest("hex");
    return path.join(folder, manifest.fingerprint.slice(0, 16), `${digest.slice(0, 32)}.vectors`);
  }
}

/** Null when there is none, or none that is whole: then it is computed again. */
async function readStored(file: string, texts: number): Promise<TextVectors[] | null> {
  const buffer = await readFile(file).catch(() => null);
  return buffer && unpackVectors(new Uint8Array(buffer), texts);
}

/** Under its name a file is whole or not there. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
