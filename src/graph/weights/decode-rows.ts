/** Stored matrices back to numbers, row by row, whatever their encoding. */
import { float16ToNumber } from "#core/float16.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import type { StoredMatrix } from "./weight-binding.ts";

/** Writes row `row` of a matrix into `out`, which has as many elements as the matrix has columns. */
export type RowDecoder = (row: number, out: Float32Array) => void;

/** The numbers of an F32 tensor; a copy only when the bytes are not aligned. */
export function float32Values({ bytes }: StoredTensor): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Float32Array(bytes.slice().buffer);
}

/** The numbers of an F16 tensor. */
export function float16Values({ bytes }: StoredTensor): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / 2 }, (_, index) => float16ToNumber(view.getUint16(index * 2, true)));
}

/** @param stored the tensors that `sourcesOf(matrix)` names */
export function rowDecoder({ cols, encoding }: StoredMatrix, stored: readonly StoredTensor[]): RowDecoder {
  const [values, scale] = stored as [StoredTensor, StoredTensor];
  switch (encoding.kind) {
    case "float": {
      const numbers = float32Values(values);
      return (row, out) => out.set(numbers.subarray(row * cols, (row + 1) * cols));
    }
    case "float16": {
      const numbers = float16Values(values);
      return (row, out) => out.set(numbers.subarray(row * cols, (row + 1) * cols));
    }
    case "rows8": {
      const scales = float32Values(scale);
      const numbers = new Int8Array(values.bytes.buffer, values.bytes.byteOffset, values.bytes.byteLength);
      return (row, out) => {
        const rowScale = scales[row]!;
        for (let col = 0, at = row * cols; col < cols; col++, at++) out[col] = numbers[at]! * rowScale;
      };
    }
    case "blocks4": {
      const scales = float16Values(scale);
      const pairs = values.bytes;
      const { blockSize } = encoding;
      return (row, out) => {
        for (let col = 0, at = (row * cols) / 2; col < cols; col += 2, at++) {
          const blockScale = scales[((row * cols + col) / blockSize) | 0]!;
          const pair = pairs[at]!;
          out[col] = ((pair & 15) - 8) * blockScale;
          out[col + 1] = ((pair >> 4) - 8) * blockScale;
        }
      };
    }
  }
}
