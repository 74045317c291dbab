/** How stored tensors become the tensors that a graph reads: which ones, and by which repacking. Nothing is read here. */

import type { Manifest, WeightEncoding } from "#core/manifest.ts";
import { encodedParts } from "#core/tensor-layout.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import type { ElementType } from "../graph-builder.ts";

/** A tensor that the graph reads. */
export interface GraphTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** Some tensors of the graph that are made together of some stored ones. */
export interface WeightBinding {
  readonly tensors: readonly GraphTensor[];
  /** Names for `TensorSource.read`. */
  readonly sources: readonly string[];
  /** Pure: little-endian bytes of each of `tensors`, from the stored tensors in the order of `sources`. They may be views of the stored bytes. */
  pack(stored: readonly StoredTensor[]): readonly Uint8Array[];
}

/** A stored [rows, cols] matrix: y = x Wᵀ, one row an output. */
export interface StoredMatrix {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly encoding: WeightEncoding;
}

/** Finds how the manifest stores a matrix. */
export function storedMatrix(manifest: Manifest, name: string, rows: number, cols: number): StoredMatrix {
  return { name, rows, cols, encoding: manifest.encodings[name] ?? { kind: "float" } };
}

/** Names of the tensors that hold a matrix. */
export function sourcesOf({ name, rows, cols, encoding }: StoredMatrix): string[] {
  return encodedParts(encoding, rows, cols).map(({ suffix }) => name + suffix);
}

const BYTES_PER_ELEMENT: Readonly<Record<ElementType, number>> = { float32: 4, float16: 2, uint8: 1, int8: 1, int64: 8, bool: 1 };

/** Bytes of a tensor of the graph. */
export function graphTensorBytes({ type, dims }: GraphTensor): number {
  return dims.reduce((product, size) => product * size, BYTES_PER_ELEMENT[type]);
}
