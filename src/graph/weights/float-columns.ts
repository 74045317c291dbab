/** Any stored matrix to what ONNX's MatMul reads: float32 [cols, rows], the transpose of the checkpoint's [outputs, inputs]. */
import type { StoredTensor } from "#core/tensor-source.ts";
import { rowDecoder } from "./decode-rows.ts";
import type { StoredMatrix } from "./weight-binding.ts";

export function packFloatColumns(matrix: StoredMatrix, stored: readonly StoredTensor[]): Uint8Array {
  const { rows, cols } = matrix;
  const decode = rowDecoder(matrix, stored);
  const row = new Float32Array(cols);
  const columns = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    decode(r, row);
    for (let c = 0, at = r; c < cols; c++, at += rows) columns[at] = row[c]!;
  }
  return new Uint8Array(columns.buffer);
}
