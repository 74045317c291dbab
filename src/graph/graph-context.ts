/** What the parts of an encoder graph share while it is written: the builder, the model, the target, and the weights that were asked for so far. */
import type { Architecture, Manifest } from "#core/manifest.ts";
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

  /** One or several float vectors (biases, LayerNorm parameters) end to end. */
  vector(names: readonly string[], size: number): Value {
    const tensor: GraphTensor = { name: names.join("+"), type: "float32", dims: [size * names.length] };
    return this.weights([tensor], names, (stored) => {
      if (stored.length === 1) return [stored[0]!.bytes];
      const joined = new Float32Array(size * names.length);
      for (const [index, part] of stored.entries()) joined.set(float32Values(part), index * size);
      return [new Uint8Array(joined.buffer)];
    })[0]!;
  }
}
