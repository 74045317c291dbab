/** A range of rows of a checkpoint tensor, as the artefact stores it. Blocks that are 4-bit already go through unchanged when 4 bits are wanted. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { encodeFloat16 } from "#core/float16.ts";
import type { WeightEncoding } from "#core/manifest.ts";
import type { NamedTensor } from "#core/safetensors.ts";
import { encodedParts } from "#core/tensor-layout.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { quantiseBlocks4 } from "./quantise/blocks4.ts";
import { addSquaredErrors, type RelativeError } from "./quantise/relative-error.ts";
import { quantiseRows8 } from "./quantise/rows8.ts";
import type { SourceMatrix } from "./source-matrix.ts";

/** The largest magnitude of float16. */
const MAX_HALF = 65504;
/** Magnitudes from here on have no float16 scale of a block. */
const MAX_BLOCK_MAGNITUDE = MAX_HALF * 7;

/**
 * @param error adds up what rounding costs, where it is wanted
 * @returns the tensors of {@link encodedParts}, values first
 */
export async function encodeRows(
  matrix: SourceMatrix,
  first: number,
  count: number,
  encoding: WeightEncoding,
  error?: RelativeError,
  options?: ReadOptions,
): Promise<NamedTensor[]> {
  const shape = [count, ...matrix.shape.slice(1)];
  if (encoding.kind === "float") return [{ name: matrix.name, dtype: "F32", shape, bytes: bytesOf(await matrix.readFloats(first, count, options)) }];
  const cols = matrix.shape[1]!;
  const parts = encodedParts(encoding, count, cols);
  const payload =
    encoding.kind === "blocks4" && matrix.readBlocks4
      ? await matrix.readBlocks4(first, count, options)
      : quantise(matrix.name, await matrix.readFloats(first, count, options), count, cols, encoding, error);
  return parts.map(({ suffix, dtype, shape: partShape }, index) => ({ name: matrix.name + suffix, dtype, shape: partShape, bytes: payload[index]! }));
}

function quantise(name: string, values: Float32Array, rows: number, cols: number, encoding: WeightEncoding, error?: RelativeError): readonly Uint8Array[] {
  if (encoding.kind === "rows8") {
    const quantised = quantiseRows8(values, rows, cols);
    if (error) addSquaredErrors(error, values, quantised);
    return [bytesOf(quantised.values), bytesOf(quantised.scales)];
  }
  if (encoding.kind === "float16") {
    refuseBeyond(name, values, MAX_HALF, "float16", "fp32");
    const halves = encodeFloat16(values);
    if (error) addSquaredErrors(error, values, { halves });
    return [bytesOf(halves)];
  }
  refuseBeyond(name, values, MAX_BLOCK_MAGNITUDE, "4-bit blocks", "q8");
  const quantised = quantiseBlocks4(values, rows, cols);
  if (error) addSquaredErrors(error, values, quantised);
  return [quantised.nibbles, bytesOf(quantised.scales)];
}

function refuseBeyond(name: string, values: Float32Array, largest: number, what: string, dtype: string): void {
  for (const value of values) {
    if (Math.abs(value) <= largest) continue;
    throw new InvalidCheckpointError(`the tensor "${name}" has elements beyond ${largest}, too large for ${what}. Build with dtype ${dtype}.`, {
      tensor: name,
    });
  }
}

function bytesOf(array: Float32Array<ArrayBuffer> | Int8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
