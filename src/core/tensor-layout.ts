/** Where each tensor of an artefact lies, pages of the word-embedding table included. Arithmetic on the manifest only: it reads no bytes. */
import { InvalidManifestError } from "./errors.ts";
import type { Manifest, TensorEntry, WeightEncoding } from "./manifest.ts";
import type { TensorDtype } from "./tensor-source.ts";

/** Name of the word-embedding table in a state dict. */
export const WORD_EMBEDDINGS = "embeddings.word_embeddings.weight";

const PAGE_NAME = /^page ([0-9]+) of (.+)$/;

/** A tensor that an encoding stores for a matrix: `<name><suffix>`. */
export interface EncodedPart {
  readonly suffix: "" | ".q4" | ".scale";
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

const BYTES_PER_ELEMENT: Readonly<Record<TensorDtype, number>> = { F32: 4, F16: 2, I8: 1, U8: 1 };

/** Bytes of a tensor of this type and shape. */
export function tensorBytes(dtype: TensorDtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, BYTES_PER_ELEMENT[dtype]);
}

/** The tensors that hold a [rows, cols] matrix in an encoding: values first, then scales. */
export function encodedParts(encoding: WeightEncoding, rows: number, cols: number): readonly EncodedPart[] {
  const part = (suffix: EncodedPart["suffix"], dtype: TensorDtype, shape: readonly number[]) => ({ suffix, dtype, shape, bytes: tensorBytes(dtype, shape) });
  switch (encoding.kind) {
    case "float":
      return [part("", "F32", [rows, cols])];
    case "float16":
      return [part("", "F16", [rows, cols])];
    case "rows8":
      return [part("", "I8", [rows, cols]), part(".scale", "F32", [rows])];
    case "blocks4":
      return [part(".q4", "U8", [rows, cols / 2]), part(".scale", "F16", [rows, cols / encoding.blockSize])];
  }
}

/** Under which name `TensorSource.read` gives a tensor of a page of the word-embedding table; suffixes as in {@link encodedParts}. */
export function pageTensorName(page: number, suffix: EncodedPart["suffix"]): string {
  return `page ${page} of ${WORD_EMBEDDINGS}${suffix}`;
}

/** Rows of a page: `rowsPerPage`, or what is left for the last one. */
export function pageRows(manifest: Manifest, page: number): number {
  const { rowsPerPage } = manifest.wordEmbeddings;
  return Math.min(rowsPerPage, manifest.architecture.vocabSize - page * rowsPerPage);
}

/**
 * Type, shape and place of a tensor.
 * @param name as in `manifest.tensors`, or from {@link pageTensorName}
 * @throws InvalidManifestError for a name that the manifest does not list
 */
export function locateTensor(manifest: Manifest, name: string): TensorEntry {
  if (Object.hasOwn(manifest.tensors, name)) return manifest.tensors[name]!;
  const [, page, pageTensor] = PAGE_NAME.exec(name) ?? [];
  const entry = page !== undefined && pageTensor !== undefined ? locatePageTensor(manifest, Number(page), pageTensor) : undefined;
  if (!entry) throw new InvalidManifestError(`it lists no tensor called "${name}".`, { tensor: name });
  return entry;
}

function locatePageTensor(manifest: Manifest, page: number, tensor: string): TensorEntry | undefined {
  const { encoding, dataOffset, shards } = manifest.wordEmbeddings;
  const shard = shards[page];
  if (shard === undefined) return undefined;
  let offset = dataOffset;
  for (const part of encodedParts(encoding, pageRows(manifest, page), manifest.architecture.hiddenSize)) {
    if (tensor === WORD_EMBEDDINGS + part.suffix) return { dtype: part.dtype, shape: part.shape, parts: [{ shard, offset, length: part.bytes }] };
    offset += part.bytes;
  }
  return undefined;
}
