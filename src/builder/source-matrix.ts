/** A tensor that the encoder or a head needs, found in a checkpoint and checked: as floats, or as the pair `.q4` and `.scale` of 4-bit blocks. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { tensorBytes } from "#core/tensor-layout.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { TensorsByName } from "./checkpoint.ts";
import { type CheckpointTensor, checkpointTensorBytes, readFloatRows } from "./checkpoint-tensor.ts";
import { BLOCK_SIZE, dequantiseBlocks4 } from "./quantise/blocks4.ts";

export interface SourceMatrix {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes in the checkpoint, for progress. */
  readonly bytes: number;
  readFloats(first: number, count: number, options?: ReadOptions): Promise<Float32Array<ArrayBuffer>>;
  /** Nibbles and float16 scales as they lie in the checkpoint; undefined when it holds floats. */
  readonly readBlocks4?: ((first: number, count: number, options?: ReadOptions) => Promise<readonly [Uint8Array, Uint8Array]>) | undefined;
}

/** @throws InvalidCheckpointError when the tensor is missing or has another shape or type */
export function findMatrix(tensors: TensorsByName, name: string, shape: readonly number[]): SourceMatrix {
  const tensor = tensors.get(name);
  const nibbles = tensors.get(`${name}.q4`);
  const scales = tensors.get(`${name}.scale`);
  if (tensor && (nibbles || scales)) throw new InvalidCheckpointError(`it holds "${name}" both as floats and as 4-bit blocks.`, { tensor: name });
  if (tensor) {
    requireShape(tensor, shape);
    return { name, shape, bytes: checkpointTensorBytes(tensor), readFloats: (first, count, options) => readFloatRows(tensor, first, count, options) };
  }
  if (!nibbles && !scales) throw new InvalidCheckpointError(`the tensor "${name}" is missing.`, { tensor: name });
  if (!nibbles) throw new InvalidCheckpointError(`the tensor "${name}.q4" is missing beside "${name}.scale".`, { tensor: `${name}.q4` });
  if (!scales) throw new InvalidCheckpointError(`the tensor "${name}.scale" is missing beside "${name}.q4".`, { tensor: `${name}.scale` });
  return blocksMatrix(name, shape, nibbles, scales);
}

function blocksMatrix(name: string, shape: readonly number[], nibbles: CheckpointTensor, scales: CheckpointTensor): SourceMatrix {
  const [rows, cols] = shape;
  if (shape.length !== 2 || cols! % BLOCK_SIZE !== 0) {
    throw new InvalidCheckpointError(`the tensor "${name}" of shape [${shape}] cannot be of 4-bit blocks of ${BLOCK_SIZE}.`, { tensor: name });
  }
  requireShape(nibbles, [rows!, cols! / 2]);
  requireShape(scales, [rows!, cols! / BLOCK_SIZE]);
  if (nibbles.dtype !== "U8")
    throw new InvalidCheckpointError(`the tensor "${nibbles.name}" must be U8, but it is ${nibbles.dtype}.`, { tensor: nibbles.name });
  if (scales.dtype !== "F16") throw new InvalidCheckpointError(`the tensor "${scales.name}" must be F16, but it is ${scales.dtype}.`, { tensor: scales.name });
  const readBlocks4 = async (first: number, count: number, options?: ReadOptions) => {
    await readFloatRows(scales, first, count, options);
    return [await nibbles.readRows(first, count, options), await scales.readRows(first, count, options)] as const;
  };
  return {
    name,
    shape,
    bytes: tensorBytes("U8", nibbles.shape) + tensorBytes("F16", scales.shape),
    readBlocks4,
    async readFloats(first, count, options) {
      const [packed, scaleBytes] = await readBlocks4(first, count, options);
      return dequantiseBlocks4({ nibbles: packed, scales: new Uint16Array(scaleBytes.slice().buffer) });
    },
  };
}

function requireShape(tensor: CheckpointTensor, expected: readonly number[]): void {
  if (tensor.shape.length === expected.length && tensor.shape.every((size, axis) => size === expected[axis])) return;
  throw new InvalidCheckpointError(`the tensor "${tensor.name}" in ${tensor.file} has shape [${tensor.shape}], but config.json asks for [${expected}].`, {
    tensor: tensor.name,
    shape: tensor.shape,
    expected,
  });
}
