/**
 * 4 bits in blocks of 32 along a row: value = (nibble - 8) * scale, the symmetric blocks of ONNX Runtime's MatMulNBits (block_size 32, no zero points).
 *
 * The scale of a block is the best of a few candidates by squared error. Two thoughts beyond "largest magnitude / 7": nibbles reach -8 but only +7, so a
 * scale may be negative to give the longer side to whichever sign needs it (as llama.cpp's Q4_0 does); and clipping the largest value a little
 * often costs less than coarser steps for the 31 others. Each candidate's error is measured with the scale as it is stored, rounded to float16.
 */
import { float16ToNumber, numberToFloat16 } from "#core/float16.ts";

export const BLOCK_SIZE = 32;

/** A [rows, cols] matrix in the encoding `blocks4`; cols is a multiple of 32. */
export interface Blocks4 {
  /** [rows, cols / 2]: column 2j in the low nibble of byte j, column 2j + 1 in the high one. */
  readonly nibbles: Uint8Array<ArrayBuffer>;
  /** [rows, cols / 32], float16 bits. */
  readonly scales: Uint16Array<ArrayBuffer>;
}

/**
 * Candidate scales: the element of the largest magnitude over these. -8 puts it on nibble 0, 7 on nibble 15; beyond, it is clipped a little. On bell-shaped
 * weights the relative error is 0.0772 with these six and two steps of least squares, 0.0769 with eighty candidates, 0.0818 with -8 alone, 0.0922 with 7.
 */
const DIVISORS = [-7.5, -8, -8.5, -9.25, 7, 7.5];
/** How often the best scale is replaced by the one that fits its levels best, while that helps. */
const REFINEMENTS = 2;

/** Rounds a matrix to 4-bit blocks. */
export function quantiseBlocks4(matrix: Float32Array, rows: number, cols: number): Blocks4 {
  if (cols % BLOCK_SIZE !== 0) throw new Error(`${cols} columns are no multiple of ${BLOCK_SIZE}.`);
  const nibbles = new Uint8Array((rows * cols) / 2);
  const scales = new Uint16Array((rows * cols) / BLOCK_SIZE);
  const values = new Float64Array(BLOCK_SIZE);
  for (let block = 0; block < scales.length; block++) {
    for (let index = 0; index < BLOCK_SIZE; index++) values[index] = matrix[block * BLOCK_SIZE + index]!;
    const bits = bestScale(values);
    scales[block] = bits;
    const inverse = inverseOf(float16ToNumber(bits));
    for (let index = 0; index < BLOCK_SIZE; index += 2) {
      const low = level(values[index]!, inverse) + 8;
      const high = level(values[index + 1]!, inverse) + 8;
      nibbles[(block * BLOCK_SIZE + index) / 2] = low | (high << 4);
    }
  }
  return { nibbles, scales };
}

/** The numbers that the encoding stands for: exact in float32, an integer of 4 bits times one of 11 bits. */
export function dequantiseBlocks4({ nibbles, scales }: Blocks4): Float32Array<ArrayBuffer> {
  const values = new Float32Array(nibbles.length * 2);
  for (let block = 0; block < scales.length; block++) {
    const scale = float16ToNumber(scales[block]!);
    for (let byte = block * (BLOCK_SIZE / 2); byte < (block + 1) * (BLOCK_SIZE / 2); byte++) {
      values[byte * 2] = ((nibbles[byte]! & 15) - 8) * scale;
      values[byte * 2 + 1] = ((nibbles[byte]! >> 4) - 8) * scale;
    }
  }
  return values;
}

/** Float16 bits of the candidate scale with the least squared error; 0 for a block whose magnitudes are all too small for one. */
function bestScale(values: Float64Array): number {
  let extreme = 0;
  for (let index = 0; index < BLOCK_SIZE; index++) if (Math.abs(values[index]!) > Math.abs(extreme)) extreme = values[index]!;
  let best = 0;
  let leastError = Number.POSITIVE_INFINITY;
  const consider = (candidate: number) => {
    const bits = numberToFloat16(candidate);
    const scale = float16ToNumber(bits);
    if (scale === 0 || !Number.isFinite(scale)) return;
    const error = squaredError(values, scale);
    if (error < leastError) {
      leastError = error;
      best = bits;
    }
  };
  for (const divisor of DIVISORS) consider(extreme / divisor);
  for (let step = 0; step < REFINEMENTS && best !== 0; step++) {
    const before = best;
    consider(leastSquaresScale(values, float16ToNumber(best)));
    if (best === before) break;
  }
  return best;
}

function inverseOf(scale: number): number {
  return scale === 0 ? 0 : 1 / scale;
}

/** The integer in [-8, 7] for a value; half a step goes up. */
function level(value: number, inverse: number): number {
  return Math.max(-8, Math.min(7, Math.floor(value * inverse + 0.5)));
}

function squaredError(values: Float64Array, scale: number): number {
  const inverse = inverseOf(scale);
  let sum = 0;
  for (let index = 0; index < BLOCK_SIZE; index++) {
    const value = values[index]!;
    const difference = value - level(value, inverse) * scale;
    sum += difference * difference;
  }
  return sum;
}

/** With the levels that a scale gives, the scale that fits them best. */
function leastSquaresScale(values: Float64Array, scale: number): number {
  const inverse = inverseOf(scale);
  let products = 0;
  let squares = 0;
  for (let index = 0; index < BLOCK_SIZE; index++) {
    const steps = level(values[index]!, inverse);
    products += steps * values[index]!;
    squares += steps * steps;
  }
  return squares === 0 ? 0 : products / squares;
}
