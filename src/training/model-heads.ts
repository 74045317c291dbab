/** The heads that a model has, to be trained further. */
import { InvalidManifestError } from "#core/errors.ts";
import type { HeadLayer, Manifest } from "#core/manifest.ts";
import type { ReadOptions, TensorSource } from "#core/tensor-source.ts";
import type { TrainableHeads } from "./batch-scores.ts";
import { layerOf, type TrainableLayer } from "./head.ts";

/** Copies: the model keeps its own numbers. @throws what reading a tensor throws */
export async function readHeads({ heads }: Manifest, tensors: TensorSource, options: ReadOptions = {}): Promise<TrainableHeads> {
  const numbers = async (name: string): Promise<Float32Array> => {
    const { dtype, bytes } = await tensors.read(name, options);
    if (dtype !== "F32") throw new InvalidManifestError(`the tensor "${name}" is ${dtype}, but a head is F32.`, { tensor: name });
    return new Float32Array(Uint8Array.from(bytes).buffer);
  };
  const layer = async (spec: HeadLayer): Promise<TrainableLayer> => layerOf(spec, await numbers(`${spec.tensor}.weight`), await numbers(`${spec.tensor}.bias`));
  const head = async (found: { readonly layers: readonly HeadLayer[] } | null) => found && (await Promise.all(found.layers.map(layer)));
  return { lexical: await head(heads.lexical), colbert: await head(heads.colbert) };
}
