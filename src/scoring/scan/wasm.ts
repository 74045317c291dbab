/** One query against many rows that lie in the kernels' memory. */
import type { Kernels } from "../kernels/instance.ts";
import { BIT_FACTOR_UNIT } from "../maxsim/token-matrix.ts";
import { queryTables } from "../quantize/bits.ts";
import { quantizeQuery } from "../quantize/int8.ts";
import { paddedDim } from "../quantize/padding.ts";
import { SKETCH_BLOCK_ROWS } from "./sketch.ts";

/** Int8 rows: `dim` values padded to 16, then an f32 scale, then anything up to `stride` bytes. */
export interface LoadedRows {
  readonly address: number;
  readonly stride: number;
  readonly count: number;
}

/** Dot products of the query with all rows. */
export function scanRows(kernels: Kernels, query: Float32Array, rows: LoadedRows): Float32Array {
  const { values, scale } = quantizeQuery(query);
  const queryAddress = kernels.allocate(values.byteLength);
  const scores = kernels.allocate(rows.count * 4);
  try {
    kernels.int16(queryAddress, values.length).set(values);
    kernels.functions.scanInt8(queryAddress, scale, values.length, rows.address, rows.stride, rows.count, scores);
    return kernels.float32(scores, rows.count).slice();
  } finally {
    kernels.free(queryAddress);
    kernels.free(scores);
  }
}

/** A sketch (see sketch.ts). */
export interface LoadedSketch {
  readonly address: number;
  readonly count: number;
  readonly centre: Float32Array;
}

/** Estimated dot products of the query with all rows of a sketch. */
export function scanSketch(kernels: Kernels, query: Float32Array, sketch: LoadedSketch): Float32Array {
  const width = paddedDim(query.length);
  const blocks = Math.ceil(sketch.count / SKETCH_BLOCK_ROWS);
  const table = kernels.allocate(width * 4);
  const scores = kernels.allocate(blocks * SKETCH_BLOCK_ROWS * 4);
  try {
    const { step, offset } = queryTables(query, kernels.bytes(table, width * 4));
    let base = 0;
    for (let index = 0; index < query.length; index++) base += query[index]! * sketch.centre[index]!;
    kernels.functions.scanBits(table, step * BIT_FACTOR_UNIT, offset * BIT_FACTOR_UNIT, base, width, sketch.address, blocks, scores);
    return kernels.float32(scores, sketch.count).slice();
  } finally {
    kernels.free(table);
    kernels.free(scores);
  }
}
