/** A model's weights in GPU buffers: uploaded tensor by tensor, read by any number of sessions on the device. */
import type { Tensor } from "onnxruntime-web";
import { UnsupportedModelError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { type PrepareOptions, prepareWeights } from "#graph/prepare-weights.ts";
import type { GraphTensor, WeightBinding } from "#graph/weights/weight-binding.ts";
import type { Build } from "./builds.ts";

/** ONNX Runtime reads buffers in steps of 16 bytes. */
const ALIGNMENT = 16;

export class WebGpuWeights {
  /** By the name of the graph input. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #buffers: readonly GPUBuffer[];

  private constructor(tensors: ReadonlyMap<string, Tensor>, buffers: readonly GPUBuffer[]) {
    this.tensors = tensors;
    this.#buffers = buffers;
  }

  static async upload(
    weights: readonly WeightBinding[],
    model: LoadedModel,
    device: GPUDevice,
    { ort }: Build,
    options: PrepareOptions,
  ): Promise<WebGpuWeights> {
    const tensors = new Map<string, Tensor>();
    const buffers: GPUBuffer[] = [];
    const upload = ({ name, type, dims }: GraphTensor, bytes: Uint8Array) => {
      if (type !== "float32" && type !== "float16" && type !== "uint8")
        throw new UnsupportedModelError(`a WebGPU graph cannot read ${type} weights.`, { tensor: name });
      const size = Math.ceil(bytes.byteLength / ALIGNMENT) * ALIGNMENT;
      if (size > device.limits.maxStorageBufferBindingSize) {
        throw new UnsupportedModelError(`"${name}" has ${size} bytes, and this GPU takes ${device.limits.maxStorageBufferBindingSize} at most.`, {
          tensor: name,
        });
      }
      const buffer = device.createBuffer({ label: name, size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
      buffers.push(buffer);
      // A write has to be of whole words: only what is stored in few bytes is not, and is copied.
      device.queue.writeBuffer(buffer, 0, bytes.byteLength % 4 === 0 ? (bytes as Uint8Array<ArrayBuffer>) : paddedCopy(bytes));
      tensors.set(name, ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims: [...dims] }));
    };
    try {
      const take = ({ tensors: made, pack }: WeightBinding, stored: readonly StoredTensor[]) => {
        for (const [index, bytes] of pack(stored).entries()) upload(made[index]!, bytes);
      };
      await prepareWeights(weights, model, take, options);
    } catch (error) {
      for (const buffer of buffers) buffer.destroy();
      throw error;
    }
    return new WebGpuWeights(tensors, buffers);
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }
}

function paddedCopy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
  copy.set(bytes);
  return copy;
}
