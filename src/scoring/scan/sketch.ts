/** 1-bit rows for scanning: blocks of 32 rows, laid out so that one look-up serves 16 of them. assembly/scan-bits.ts reads the same layout. */
import { InvalidInputError } from "#core/errors.ts";
import { BIT_FACTOR_UNIT } from "../maxsim/token-matrix.ts";
import { bitRowBytes, quantizeBits } from "../quantize/bits.ts";

export const SKETCH_BLOCK_ROWS = 32;

/** Bytes of a block: 32 factors of u16, then for every 8 dimensions one byte of each row. */
export function sketchBlockBytes(dim: number): number {
  return SKETCH_BLOCK_ROWS * (2 + bitRowBytes(dim));
}

/** Bytes of the sketch of `count` rows. The last block is filled up with rows of factor 0. */
export function sketchBytes(count: number, dim: number): number {
  return Math.ceil(count / SKETCH_BLOCK_ROWS) * sketchBlockBytes(dim);
}

/** Where in its block the factor of row r (0 to 31) stands: even rows of each sixteen first. */
export function factorPlace(row: number): number {
  return (row & 16) | ((row & 1) << 3) | ((row & 15) >> 1);
}

/** Makes a sketch row by row. */
export class SketchBuilder {
  /** The sketch; whole when `count` rows were added. */
  readonly sketch: Uint8Array<ArrayBuffer>;
  readonly #dim: number;
  readonly #centre: Float32Array;
  readonly #view: DataView;
  readonly #bits: Uint8Array;
  #rows = 0;

  /** @param centre subtracted from every row before its signs are taken */
  constructor(count: number, dim: number, centre: Float32Array) {
    this.sketch = new Uint8Array(sketchBytes(count, dim));
    this.#dim = dim;
    this.#centre = centre;
    this.#view = new DataView(this.sketch.buffer);
    this.#bits = new Uint8Array(bitRowBytes(dim));
  }

  /** @throws InvalidInputError when the row is further than 2 from the centre (unit vectors never are) */
  add(row: Float32Array): void {
    const factor = Math.round(quantizeBits(row, this.#centre, this.#bits) / BIT_FACTOR_UNIT);
    if (factor > 65_535) throw new InvalidInputError(`vector ${this.#rows}`, "at most 1 long", "longer");
    const block = Math.floor(this.#rows / SKETCH_BLOCK_ROWS) * sketchBlockBytes(this.#dim);
    const lane = this.#rows % SKETCH_BLOCK_ROWS;
    this.#view.setUint16(block + factorPlace(lane) * 2, factor, true);
    for (let byte = 0; byte < this.#bits.length; byte++) this.sketch[block + SKETCH_BLOCK_ROWS * (2 + byte) + lane] = this.#bits[byte]!;
    this.#rows++;
  }
}
