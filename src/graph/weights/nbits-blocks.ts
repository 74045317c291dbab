/**
 * Stored matrices to what com.microsoft MatMulNBits reads: values uint8 [rows, cols / block, block * bits / 8] with zero point 2^(bits - 1), low nibble first,
 * and float32 scales [rows, cols / block]. Blocks of 4 bits are stored that way already; int8 rows get the zero point and their scale once per block.
 */
import { UnsupportedModelError } from "#core/errors.ts";
import { encodeFloat16 } from "#core/float16.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { float16Values, float32Values } from "./decode-rows.ts";
import type { StoredMatrix } from "./weight-binding.ts";

/** The only block size for which every WebGPU device has a fast kernel (the generic one is 24 to 57 times slower). */
export const NBITS_BLOCK = 32;

/** Bits of a matrix as MatMulNBits reads it; null when it is stored in float and has to go through MatMul. */
export function nbitsOf({ name, cols, encoding }: StoredMatrix): 4 | 8 | null {
  if (encoding.kind === "float" || encoding.kind === "float16") return null;
  if (cols % NBITS_BLOCK !== 0) throw new UnsupportedModelError(`"${name}" has ${cols} inputs, which is not a multiple of ${NBITS_BLOCK}.`, { tensor: name });
  return encoding.kind === "blocks4" ? 4 : 8;
}

/** @param stored the values of the matrix */
export function packNbitsValues({ encoding }: StoredMatrix, { bytes }: StoredTensor): Uint8Array {
  return encoding.kind === "blocks4" ? bytes : bytes.map((value) => value ^ 128);
}

/** @param stored the scales of the matrix @returns float32 */
export function packNbitsScales(matrix: StoredMatrix, stored: StoredTensor): Uint8Array {
  return bytesOf(matrix.encoding.kind === "blocks4" ? float16Values(stored) : blockScales(matrix, stored));
}

/** The same as float16, which is how those of 4-bit blocks are stored. */
export function packNbitsHalfScales(matrix: StoredMatrix, stored: StoredTensor): Uint8Array {
  return matrix.encoding.kind === "blocks4" ? stored.bytes : bytesOf(encodeFloat16(blockScales(matrix, stored)));
}

function blockScales({ rows, cols }: StoredMatrix, stored: StoredTensor): Float32Array {
  const blocks = cols / NBITS_BLOCK;
  const rowScales = float32Values(stored);
  return Float32Array.from({ length: rows * blocks }, (_, index) => rowScales[(index / blocks) | 0]!);
}

function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
