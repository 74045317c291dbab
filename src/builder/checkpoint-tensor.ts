/** A tensor of a checkpoint, in whatever file format and element type it lies there. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { decodeFloat16 } from "#core/float16.ts";
import type { ReadOptions } from "#core/tensor-source.ts";

/** Element types by safetensors' names. Only the floating ones and U8 (packed 4-bit blocks) are of use; the others are known so that a file with them opens. */
export const CHECKPOINT_DTYPES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
} as const satisfies Record<string, number>;

export type CheckpointDtype = keyof typeof CHECKPOINT_DTYPES;

export interface CheckpointTensor {
  readonly name: string;
  /** The file it lies in, for messages. */
  readonly file: string;
  readonly dtype: CheckpointDtype;
  readonly shape: readonly number[];
  /** Raw little-endian bytes of some rows (first dimension), row-major; a tensor of one dimension has rows of one element. */
  readRows(first: number, count: number, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** Elements of one row: the product of all dimensions but the first. */
export function rowElements(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/** Bytes of the whole tensor as it lies in the checkpoint. */
export function checkpointTensorBytes(tensor: CheckpointTensor): number {
  return tensor.shape.reduce((product, size) => product * size, CHECKPOINT_DTYPES[tensor.dtype]);
}

/**
 * Some rows as float32.
 * @throws InvalidCheckpointError for a type that is not floating, and for NaN or infinite elements
 */
export async function readFloatRows(tensor: CheckpointTensor, first: number, count: number, options?: ReadOptions): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await tensor.readRows(first, count, options);
  const values = decodeFloats(tensor, bytes);
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new InvalidCheckpointError(`the tensor "${tensor.name}" in ${tensor.file} has elements that are NaN or infinite.`, { tensor: tensor.name });
    }
  }
  return values;
}

/** Element types that {@link readFloatRows} reads, each with its decoder; `bytes` is aligned to the element. */
const FLOAT_DECODERS: Partial<Record<CheckpointDtype, (bytes: Uint8Array<ArrayBuffer>) => Float32Array<ArrayBuffer>>> = {
  F64: (bytes) => Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)),
  F32: (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
  F16: (bytes) => decodeFloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)),
  BF16: (bytes) => new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2), (bits) => bits << 16).buffer),
};

function decodeFloats(tensor: CheckpointTensor, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const decode = FLOAT_DECODERS[tensor.dtype];
  if (!decode) {
    throw new InvalidCheckpointError(
      `the tensor "${tensor.name}" in ${tensor.file} has elements of type ${tensor.dtype}; weights must be F32, F16, BF16 or F64. Save the checkpoint in one of these.`,
      { tensor: tensor.name, dtype: tensor.dtype },
    );
  }
  return decode(bytes.byteOffset % CHECKPOINT_DTYPES[tensor.dtype] === 0 ? bytes : bytes.slice());
}
