/** How much a matrix lost by rounding: the root of squared differences over squared values, added up range by range. */
import { decodeFloat16 } from "#core/float16.ts";
import { type Blocks4, dequantiseBlocks4 } from "./blocks4.ts";
import { dequantiseRows8, type Rows8 } from "./rows8.ts";

/** Bits of float16 numbers. */
export interface Halves {
  readonly halves: Uint16Array;
}

export interface RelativeError {
  squaredDifferences: number;
  squaredValues: number;
}

export function addSquaredErrors(error: RelativeError, values: Float32Array, quantised: Blocks4 | Rows8 | Halves): void {
  const rounded = dequantise(quantised);
  for (let index = 0; index < values.length; index++) {
    const difference = values[index]! - rounded[index]!;
    error.squaredDifferences += difference * difference;
    error.squaredValues += values[index]! * values[index]!;
  }
}

function dequantise(quantised: Blocks4 | Rows8 | Halves): Float32Array {
  if ("halves" in quantised) return decodeFloat16(quantised.halves);
  return "nibbles" in quantised ? dequantiseBlocks4(quantised) : dequantiseRows8(quantised);
}

/** 0 for a tensor that was not rounded. */
export function relativeError({ squaredDifferences, squaredValues }: RelativeError): number {
  return squaredValues === 0 ? 0 : Math.sqrt(squaredDifferences / squaredValues);
}
