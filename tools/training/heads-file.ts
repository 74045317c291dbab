/** Reads heads.safetensors, as train-heads and the checkpoint of m3-mini have it. */
import path from "node:path";
import { openHeads } from "#builder/heads.ts";
import type { CheckpointSource } from "#builder/ports.ts";
import { readSafetensors } from "#builder/safetensors-reader.ts";
import { openCheckpointFolder } from "#cli/checkpoint-folder.ts";
import type { HeadLayer } from "#core/manifest.ts";
import type { TrainableHeads } from "#training/batch-scores.ts";
import { layerOf, type TrainableHead } from "#training/head.ts";

const HEADS_FILE = "heads.safetensors";

/** @throws InvalidCheckpointError for a file that is none of heads */
export async function readHeads(file: string, hiddenSize: number): Promise<TrainableHeads> {
  const folder = await openCheckpointFolder(path.dirname(file));
  const renamed = (name: string) => (name === HEADS_FILE ? path.basename(file) : name);
  const source: CheckpointSource = {
    list: async () => [HEADS_FILE],
    size: (name) => folder.size(renamed(name)),
    read: (name, ...range) => folder.read(renamed(name), ...range),
  };
  const { lexical, colbert } = await openHeads(source, hiddenSize);
  const tensors = new Map((await readSafetensors(source, HEADS_FILE)).map((tensor) => [tensor.name, tensor]));
  const numbers = async (name: string) => {
    const tensor = tensors.get(name)!;
    const bytes = await tensor.readRows(0, tensor.shape[0]!);
    return new Float32Array(bytes.slice().buffer);
  };
  const chain = (layers: readonly HeadLayer[]): Promise<TrainableHead> =>
    Promise.all(layers.map(async (layer) => layerOf(layer, await numbers(`${layer.tensor}.weight`), await numbers(`${layer.tensor}.bias`))));
  return { lexical: lexical && (await chain(lexical.layers)), colbert: colbert && (await chain(colbert.layers)) };
}
