/** One query against many rows in float64, slow and plain: what the scan kernels are tested against. */
import { BIT_FACTOR_UNIT } from "../maxsim/token-matrix.ts";
import { paddedDim } from "../quantize/padding.ts";
import { factorPlace, SKETCH_BLOCK_ROWS, sketchBlockBytes } from "./sketch.ts";

/** Dot products with int8 rows: `dim` values padded to 16, then an f32 scale, then anything up to `stride` bytes. */
export function scanRowsReference(query: Float32Array, rows: Uint8Array, stride: number, count: number): Float64Array {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
  const scores = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const start = row * stride;
    let dot = 0;
    for (let index = 0; index < query.length; index++) dot += query[index]! * view.getInt8(start + index);
    scores[row] = dot * view.getFloat32(start + paddedDim(query.length), true);
  }
  return scores;
}

/** Estimated dot products with the rows of a sketch. */
export function scanSketchReference(query: Float32Array, sketch: Uint8Array, centre: Float32Array, count: number): Float64Array {
  const view = new DataView(sketch.buffer, sketch.byteOffset, sketch.byteLength);
  const base = query.reduce((sum, value, index) => sum + value * centre[index]!, 0);
  const scores = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const block = Math.floor(row / SKETCH_BLOCK_ROWS) * sketchBlockBytes(query.length);
    const lane = row % SKETCH_BLOCK_ROWS;
    let dot = 0;
    for (const [index, value] of query.entries()) {
      const byte = sketch[block + SKETCH_BLOCK_ROWS * (2 + (index >> 3)) + lane]!;
      dot += (byte >> (index & 7)) & 1 ? value : -value;
    }
    scores[row] = base + view.getUint16(block + factorPlace(lane) * 2, true) * BIT_FACTOR_UNIT * dot;
  }
  return scores;
}
