/** Rows of a tensor that is a strided view of a storage (PyTorch saves transposed and sliced tensors so), gathered into row-major order. */
import type { ReadOptions } from "#core/tensor-source.ts";

export interface StridedView {
  readonly elementBytes: number;
  /** First element in the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements from one index to the next along each axis. */
  readonly strides: readonly number[];
}

type ReadElements = (first: number, count: number, options?: ReadOptions) => Promise<Uint8Array<ArrayBuffer>>;

/** Reads rows [first, first + count): one range of the storage from the first element needed to the last. */
export function stridedRows({ elementBytes, offset, shape, strides }: StridedView, readElements: ReadElements) {
  return async (first: number, count: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>> => {
    const rows = shape.length === 0 ? [] : [count, ...shape.slice(1)];
    const elements = rows.reduce((product, size) => product * size, 1);
    if (elements === 0) return new Uint8Array(0);
    const start = offset + first * (strides[0] ?? 0);
    if (isContiguous(rows, strides)) return readElements(start, elements, options);
    const span = rows.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 1);
    return gather(await readElements(start, span, options), elementBytes, rows, strides, elements);
  };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function gather(storage: Uint8Array, elementBytes: number, shape: readonly number[], strides: readonly number[], elements: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(elements * elementBytes);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let element = 0; element < elements; element++) {
    for (let byte = 0; byte < elementBytes; byte++) packed[element * elementBytes + byte] = storage[from * elementBytes + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return packed;
}
