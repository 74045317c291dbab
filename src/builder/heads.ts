/** Finds the sparse and the ColBERT head of a checkpoint: in heads.safetensors, or in FlagEmbedding's sparse_linear.pt and colbert_linear.pt. */
import { InvalidCheckpointError } from "#core/errors.ts";
import type { Heads } from "#core/manifest.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import { byName, HEADS_FILE, type TensorsByName } from "./checkpoint.ts";
import type { CheckpointSource } from "./ports.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import { findMatrix, type SourceMatrix } from "./source-matrix.ts";
import { readTorchFile } from "./torch/torch-file.ts";

const SPARSE = "sparse_linear";
const COLBERT = "colbert_linear";

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
  const sparse = tensors.has(`${SPARSE}.weight`) || tensors.has(`${SPARSE}.bias`) ? findLinear(tensors, SPARSE, hiddenSize, 1) : null;
  const colbert = tensors.has(`${COLBERT}.weight`) || tensors.has(`${COLBERT}.bias`) ? findLinear(tensors, COLBERT, hiddenSize) : null;
  return {
    lexical: sparse && { layers: [{ tensor: SPARSE, inputs: hiddenSize, outputs: 1, activation: "relu" }] },
    colbert: colbert && { layers: [{ tensor: COLBERT, inputs: hiddenSize, outputs: colbert.outputs, activation: "none" }], dim: colbert.outputs },
    tensors: [...(sparse?.tensors ?? []), ...(colbert?.tensors ?? [])],
  };
}

async function openHeadTensors(source: CheckpointSource, options?: ReadOptions): Promise<TensorsByName> {
  const files = await source.list();
  if (files.includes(HEADS_FILE)) return byName(await readSafetensors(source, HEADS_FILE, options));
  const found: Awaited<ReturnType<typeof readTorchFile>> = [];
  for (const head of [SPARSE, COLBERT]) {
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
