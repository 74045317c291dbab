/** What the parts of an encoder graph share while it is written: the builder, the model, the target, and the weights that were asked for so far. */
import { encodeFloat16 } from "#core/float16.ts";
import type { Architecture, Manifest } from "#core/manifest.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { GraphBuilder, type Value } from "./graph-builder.ts";
import type { GraphTarget } from "./target.ts";
import { float32Values } from "./weights/decode-rows.ts";
import { type GraphTensor, type StoredMatrix, storedMatrix, type WeightBinding } from "./weights/weight-binding.ts";

export class GraphContext {
  readonly g = new GraphBuilder();
  readonly manifest: Manifest;
  readonly target: GraphTarget;
  readonly bindings: WeightBinding[] = [];

  constructor(manifest: Manifest, target: GraphTarget) {
    this.manifest = manifest;
    this.target = target;
  }

  get architecture(): Architecture {
    return this.manifest.architecture;
  }

  /** A matrix of the checkpoint, in the encoding in which the artefact stores it. */
  matrix(name: string, rows: number, cols: number): StoredMatrix {
    return storedMatrix(this.manifest, name, rows, cols);
  }

  /** Declares tensors that lie outside of the graph: inputs on WebGPU, where they are GPU buffers; external initializers on the CPU. */
  weights(tensors: readonly GraphTensor[], sources: readonly string[], pack: WeightBinding["pack"]): Value[] {
    this.bindings.push({ tensors, sources, pack });
    return tensors.map(({ name, type, dims }) => (this.target.kernels === "webgpu" ? this.g.input(name, type, dims) : this.g.external(name, type, dims, name)));
  }

  /**
   * A weight of floats, in the type that the target stores, as a value of the type that it is computed with.
   * @param as what reads it: what the target computes with, or float32 in any case
   * @param pack gives its float32 numbers @param packHalf the same as float16, where that is not to be rounded from them
   */
  floats(
    tensor: Omit<GraphTensor, "type">,
    sources: readonly string[],
    pack: (stored: readonly StoredTensor[]) => Uint8Array,
    { as = "activations", packHalf }: { readonly as?: "activations" | "float32"; readonly packHalf?: (stored: readonly StoredTensor[]) => Uint8Array } = {},
  ): Value {
    const { target } = this;
    const half = target.kernels === "webgpu" ? target.half : undefined;
    if (half === undefined) return this.weights([{ ...tensor, type: "float32" }], sources, (stored) => [pack(stored)])[0]!;
    const [value] = this.weights([{ ...tensor, type: "float16" }], sources, (stored) => [packHalf?.(stored) ?? halves(pack(stored))]);
    return half === "exact" || as === "float32" ? this.g.cast(value!, "float32") : value!;
  }

  /** One or several float vectors (biases, LayerNorm parameters) end to end. */
  vector(names: readonly string[], size: number, as?: "activations" | "float32"): Value {
    const join = (stored: readonly StoredTensor[]) => {
      if (stored.length === 1) return stored[0]!.bytes;
      const joined = new Float32Array(size * names.length);
      for (const [index, part] of stored.entries()) joined.set(float32Values(part), index * size);
      return new Uint8Array(joined.buffer);
    };
    return this.floats({ name: names.join("+"), dims: [size * names.length] }, names, join, { as });
  }
}

function halves(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(encodeFloat16(float32Values({ dtype: "F32", shape: [bytes.length / 4], bytes })).buffer);
}
