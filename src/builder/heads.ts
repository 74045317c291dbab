/** Finds the sparse and the ColBERT head of a checkpoint: in heads.safetensors, or in FlagEmbedding's sparse_linear.pt and colbert_linear.pt. */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { HeadLayer, Heads } from "#core/manifest.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { byName, HEADS_FILE, type TensorsByName } from "./checkpoint.ts";
import type { CheckpointSource } from "./ports.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import { findMatrix, type SourceMatrix } from "./source-matrix.ts";
import { readTorchFile } from "./torch/torch-file.ts";

const SPARSE = "sparse";
const COLBERT = "colbert";

export interface CheckpointHeads {
  readonly lexical: Heads["lexical"];
  readonly colbert: Heads["colbert"];
  /** The tensors of both, all stored as float32. */
  readonly tensors: readonly SourceMatrix[];
}

/**
 * A head whose tensors are not there is null.
 * @throws InvalidCheckpointError for half a head, or shapes that do not fit the encoder's width
 */
export async function openHeads(source: CheckpointSource, hiddenSize: number, options?: ReadOptions): Promise<CheckpointHeads> {
  const tensors = await openHeadTensors(source, options);
  const sparse = findChain(tensors, SPARSE, hiddenSize, "relu", 1);
  const colbert = findChain(tensors, COLBERT, hiddenSize, "none");
  return {
    lexical: sparse && { layers: sparse.layers },
    colbert: colbert && { layers: colbert.layers, dim: colbert.layers.at(-1)!.outputs },
    tensors: [...(sparse?.tensors ?? []), ...(colbert?.tensors ?? [])],
  };
}

interface Chain {
  readonly layers: readonly HeadLayer[];
  readonly tensors: readonly SourceMatrix[];
}

/** `<head>_linear`, with `<head>_hidden` and relu before it where that is there: FlagEmbedding has no hidden layers, train-heads may make them. */
function findChain(tensors: TensorsByName, head: string, hiddenSize: number, activation: HeadLayer["activation"], outputs?: number): Chain | null {
  const [first, last] = [`${head}_hidden`, `${head}_linear`];
  const isThere = (name: string) => tensors.has(`${name}.weight`) || tensors.has(`${name}.bias`);
  const begin = isThere(first) ? first : last;
  // Twice the width: the head reads first hidden states beside the last ones.
  const width = tensors.get(`${begin}.weight`)?.shape[1] === 2 * hiddenSize ? 2 * hiddenSize : hiddenSize;
  const hidden = isThere(first) ? findLinear(tensors, first, width) : null;
  if (!hidden && !isThere(last)) return null;
  const inputs = hidden?.outputs ?? width;
  const linear = findLinear(tensors, last, inputs, outputs);
  const layers: HeadLayer[] = hidden ? [{ tensor: first, inputs: width, outputs: hidden.outputs, activation: "relu" }] : [];
  return { layers: [...layers, { tensor: last, inputs, outputs: linear.outputs, activation }], tensors: [...(hidden?.tensors ?? []), ...linear.tensors] };
}

async function openHeadTensors(source: CheckpointSource, options?: ReadOptions): Promise<TensorsByName> {
  const files = await source.list();
  if (files.includes(HEADS_FILE)) return byName(await readSafetensors(source, HEADS_FILE, options));
  const found: Awaited<ReturnType<typeof readTorchFile>> = [];
  for (const head of [`${SPARSE}_linear`, `${COLBERT}_linear`]) {
    if (!files.includes(`${head}.pt`)) continue;
    const tensors = await readTorchFile(source, `${head}.pt`, options);
    found.push(...tensors.map((tensor) => ({ ...tensor, name: `${head}.${tensor.name}` })));
  }
  return byName(found);
}

function findLinear(tensors: TensorsByName, name: string, inputs: number, outputs?: number): { outputs: number; tensors: SourceMatrix[] } {
  const rows = outputs ?? tensors.get(`${name}.weight`)?.shape[0] ?? 0;
  const weight = findMatrix(tensors, `${name}.weight`, [rows, inputs]);
  if (rows < 1) throw new InvalidCheckpointError(`the tensor "${name}.weight" has no rows.`, { tensor: `${name}.weight` });
  return { outputs: rows, tensors: [weight, findMatrix(tensors, `${name}.bias`, [rows])] };
}
