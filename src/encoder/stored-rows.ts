/**
 * Rows of a stored matrix, made to float32 one at a time: what a table of 250,002 rows of which a text needs twenty wants. The encodings are those of
 * core/manifest.ts. Reads no files: the tensors are given.
 */
import { InvalidManifestError } from "#core/errors.ts";
import { decodeFloat16 } from "#core/float16.ts";
import type { WeightEncoding } from "#core/manifest.ts";
import { type EncodedPart, encodedParts } from "#core/tensor-layout.ts";
import type { StoredTensor } from "#core/tensor-source.ts";

/** A matrix of which single rows can be had. */
export interface StoredRows {
  readonly rows: number;
  /** Adds row `row` to the numbers of `target` from `start`. The row is not checked. */
  addRow(row: number, target: Float32Array, start: number): void;
}

/**
 * Reads the tensors of a matrix.
 *
 * @param read gives the tensor with this suffix to the matrix's name
 * @throws InvalidManifestError when a tensor has another type or shape than the encoding says
 */
export async function readRows(
  encoding: WeightEncoding,
  rows: number,
  width: number,
  read: (suffix: EncodedPart["suffix"]) => Promise<StoredTensor>,
): Promise<StoredRows> {
  const parts = encodedParts(encoding, rows, width);
  const tensors = await Promise.all(parts.map(({ suffix }) => read(suffix)));
  tensors.forEach((tensor, index) => {
    checkTensor(tensor, parts[index]!);
  });
  const [values, scales] = tensors;
  switch (encoding.kind) {
    case "float":
    case "float16":
      return floatRows(floats(values!), rows, width);
    case "rows8":
      return scaledByteRows(values!.bytes, floats(scales!), rows, width);
    case "blocks4":
      return nibbleRows(values!.bytes, halves(scales!), rows, width, encoding.blockSize);
  }
}

function checkTensor({ dtype, shape, bytes }: StoredTensor, expected: EncodedPart): void {
  const isFloat = expected.dtype === "F32" && dtype === "F16";
  const expectedBytes = isFloat ? expected.bytes / 2 : expected.bytes;
  if ((dtype === expected.dtype || isFloat) && bytes.byteLength === expectedBytes && String(shape) === String(expected.shape)) return;
  throw new InvalidManifestError(`a tensor of embeddings is ${dtype} [${shape}] where ${expected.dtype} [${expected.shape}] was expected.`, {
    dtype,
    shape: [...shape],
    bytes: bytes.byteLength,
  });
}

function floatRows(values: Float32Array, rows: number, width: number): StoredRows {
  return {
    rows,
    addRow(row, target, start) {
      const from = row * width;
      for (let column = 0; column < width; column++) target[start + column]! += values[from + column]!;
    },
  };
}

function scaledByteRows(bytes: Uint8Array, scales: Float32Array, rows: number, width: number): StoredRows {
  const values = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    rows,
    addRow(row, target, start) {
      const from = row * width;
      const scale = scales[row]!;
      for (let column = 0; column < width; column++) target[start + column]! += values[from + column]! * scale;
    },
  };
}

function nibbleRows(bytes: Uint8Array, scales: Uint16Array, rows: number, width: number, blockSize: number): StoredRows {
  const blocks = width / blockSize;
  const blockBytes = blockSize / 2;
  return {
    rows,
    addRow(row, target, start) {
      const rowScales = decodeFloat16(scales.subarray(row * blocks, (row + 1) * blocks));
      let from = row * blocks * blockBytes;
      let to = start;
      for (let block = 0; block < blocks; block++) {
        const scale = rowScales[block]!;
        for (const end = from + blockBytes; from < end; from++, to += 2) {
          const byte = bytes[from]!;
          target[to]! += ((byte & 15) - 8) * scale;
          target[to + 1]! += ((byte >> 4) - 8) * scale;
        }
      }
    },
  };
}

/** F32 or F16 bytes as float32 numbers; a view where alignment allows. */
function floats(tensor: StoredTensor): Float32Array {
  if (tensor.dtype === "F16") return decodeFloat16(halves(tensor));
  const bytes = aligned(tensor.bytes, 4);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function halves({ bytes }: StoredTensor): Uint16Array {
  const view = aligned(bytes, 2);
  return new Uint16Array(view.buffer, view.byteOffset, view.byteLength / 2);
}

function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}
