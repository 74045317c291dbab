/** How much a matrix lost by rounding: the root of squared differences over squared values, added up range by range. */
import { type Blocks4, dequantiseBlocks4 } from "./blocks4.ts";
import { dequantiseRows8, type Rows8 } from "./rows8.ts";

export interface RelativeError {
  squaredDifferences: number;
  squaredValues: number;
}

export function addSquaredErrors(error: RelativeError, values: Float32Array, quantised: Blocks4 | Rows8): void {
  const rounded = "nibbles" in quantised ? dequantiseBlocks4(quantised) : dequantiseRows8(quantised);
  for (let index = 0; index < values.length; index++) {
    const difference = values[index]! - rounded[index]!;
    error.squaredDifferences += difference * difference;
    error.squaredValues += values[index]! * values[index]!;
  }
}

/** 0 for a tensor that was not rounded. */
export function relativeError({ squaredDifferences, squaredValues }: RelativeError): number {
  return squaredValues === 0 ? 0 : Math.sqrt(squaredDifferences / squaredValues);
}
