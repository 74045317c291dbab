/** Stored matrices in the order in which the kernels read them: tiles of eight outputs. What is missing of the last eight is zero. */
import type { ModuleKind } from "./kernels.ts";

/** Outputs of a tile. */
export const TILE = 8;
const BLOCK = 32;

/** Writes row `row` of a matrix, [outputs, inputs], into `out`. */
export type RowDecoder = (row: number, out: Float32Array) => void;

export function tiled(outputs: number): number {
  return Math.ceil(outputs / TILE) * TILE;
}

/** @param into f32 [outputs / 8][inputs][8], zero before */
export function packFloat(decode: RowDecoder, outputs: number, inputs: number, into: Float32Array): void {
  const row = new Float32Array(inputs);
  for (let output = 0; output < outputs; output++) {
    decode(output, row);
    let at = (output - (output % TILE)) * inputs + (output % TILE);
    for (let input = 0; input < inputs; input++, at += TILE) into[at] = row[input]!;
  }
}

/** Where output o of a tile and input i lie: tiles of [inputs / 4][8][4] bytes in the relaxed module, of [inputs / 2][8][2] in the plain one. */
const STEP: Readonly<Record<ModuleKind, number>> = { relaxed: 4, plain: 2 };

/**
 * 4-bit blocks as they are stored: 0 to 15 in the relaxed module, where 8 is zero; -8 to 7 in the plain one.
 *
 * @param pairs u8 [outputs, inputs / 2], low nibble first; outputs a multiple of 8
 * @param scales of each block, [outputs, inputs / 32]
 * @param into as many bytes as the matrix has numbers
 * @param scalesInto f32 [outputs / 8][inputs / 32][8]
 * @param sumsInto f32 [outputs]: the sum of each output's weights
 */
export function packBlocks(
  kind: ModuleKind,
  pairs: Uint8Array,
  scales: Float32Array,
  outputs: number,
  inputs: number,
  into: Uint8Array,
  scalesInto: Float32Array,
  sumsInto: Float32Array,
): void {
  const step = STEP[kind];
  const zero = kind === "relaxed" ? 0 : 8;
  const blocks = inputs / BLOCK;
  for (let output = 0; output < outputs; output++) {
    const lane = output % TILE;
    const tile = output - lane;
    let from = (output * inputs) / 2;
    let sum = 0;
    let to = tile * inputs + lane * step;
    for (let input = 0; input < inputs; input += step, to += TILE * step) {
      for (let part = 0; part < step; part += 2) {
        const pair = pairs[from]!;
        sum += ((pair & 15) + (pair >> 4) - 16) * scales[Math.floor(from / (BLOCK / 2))]!;
        from++;
        into[to + part] = (pair & 15) - zero;
        into[to + part + 1] = (pair >> 4) - zero;
      }
    }
    sumsInto[output] = sum;
    for (let block = 0; block < blocks; block++) scalesInto[tile * blocks + block * TILE + lane] = scales[output * blocks + block]!;
  }
}

/** Scales of an output. */
export function scalesOf(weights: "blocks" | "bytes", kind: ModuleKind, inputs: number): number {
  return weights === "blocks" || kind === "relaxed" ? inputs / BLOCK : 1;
}

/** Largest weight of packBytes: 7 bits with a sign where the instruction takes no more, 8 where it does. */
const LARGEST: Readonly<Record<ModuleKind, number>> = { relaxed: 63, plain: 127 };

/**
 * Any matrix, rounded: 1 to 127 with one scale a block of 32 inputs in the relaxed module, where 64 is zero; -127 to 127 with one scale an output in the plain one.
 *
 * A row that was stored in 8 bits loses nothing in blocks that reach no further than half its largest weight: there the block's steps are the row's.
 *
 * @param into as many bytes as the matrix has numbers; outputs a multiple of 8
 * @param scalesInto f32 [outputs / 8][scalesOf(…)][8]
 * @param sumsInto f32 [outputs]: the sum of each output's weights
 */
export function packBytes(
  kind: ModuleKind,
  decode: RowDecoder,
  outputs: number,
  inputs: number,
  into: Uint8Array,
  scalesInto: Float32Array,
  sumsInto: Float32Array,
): void {
  const step = STEP[kind];
  const most = LARGEST[kind];
  const zero = kind === "relaxed" ? 64 : 0;
  const block = inputs / scalesOf("bytes", kind, inputs);
  const row = new Float32Array(inputs);
  for (let output = 0; output < outputs; output++) {
    decode(output, row);
    const finest = reachOf(row, 0, inputs) / 127;
    const lane = output % TILE;
    let to = (output - lane) * inputs + lane * step;
    let scaleAt = ((output - lane) * inputs) / block + lane;
    let sum = 0;
    for (let first = 0; first < inputs; first += block, scaleAt += TILE) {
      const scale = Math.max(finest, reachOf(row, first, first + block) / most);
      const inverse = scale === 0 ? 0 : 1 / scale;
      let steps = 0;
      for (let input = first; input < first + block; input += step, to += TILE * step) {
        for (let part = 0; part < step; part++) {
          const rounded = Math.round(row[input + part]! * inverse);
          into[to + part] = rounded + zero;
          steps += rounded;
        }
      }
      scalesInto[scaleAt] = scale;
      sum += steps * scale;
    }
    sumsInto[output] = sum;
  }
}

/** The largest distance from zero. */
function reachOf(row: Float32Array, first: number, end: number): number {
  let reach = 0;
  for (let input = first; input < end; input++) reach = Math.max(reach, Math.abs(row[input]!));
  return reach;
}
