/** Opens a checkpoint: finds its weight files, lists their tensors, and strips what frameworks put before the names. */
import { InvalidCheckpointError } from "#core/errors.ts";
import { WORD_EMBEDDINGS } from "#core/tensor-layout.ts";
import type { ReadOptions } from "#core/tensor-source.ts";
import type { CheckpointTensor } from "./checkpoint-tensor.ts";
import type { CheckpointSource } from "./ports.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import { readTorchFile } from "./torch/torch-file.ts";

export const HEADS_FILE = "heads.safetensors";

export type TensorsByName = ReadonlyMap<string, CheckpointTensor>;

/**
 * The encoder's tensors by their names without prefix (`roberta.`, `bert.`, `model.`, …: whatever stands before the word embeddings). Safetensors files
 * are taken before PyTorch ones; tensors outside the prefix (a language-model head) are left out.
 * @throws InvalidCheckpointError when there are no weight files, or no word embeddings in them
 */
export async function openEncoderTensors(source: CheckpointSource, options?: ReadOptions): Promise<TensorsByName> {
  const files = (await source.list()).filter((file) => !file.includes("/")).sort();
  const safetensors = files.filter((file) => file.endsWith(".safetensors") && file !== HEADS_FILE);
  const torch = safetensors.length === 0 ? files.filter((file) => /^pytorch_model.*\.bin$/.test(file)) : [];
  if (safetensors.length + torch.length === 0) {
    throw new InvalidCheckpointError("there is neither a .safetensors file nor a pytorch_model.bin in its folder.", { files });
  }
  const tensors = [
    ...(await Promise.all(safetensors.map((file) => readSafetensors(source, file, options)))),
    ...(await Promise.all(torch.map((file) => readTorchFile(source, file, options)))),
  ].flat();
  return byName(stripPrefix(tensors));
}

/** @throws InvalidCheckpointError for a name that is there twice */
export function byName(tensors: readonly CheckpointTensor[]): TensorsByName {
  const map = new Map<string, CheckpointTensor>();
  for (const tensor of tensors) {
    const other = map.get(tensor.name);
    if (other) {
      const files = other.file === tensor.file ? `twice in ${tensor.file}` : `both in ${other.file} and in ${tensor.file}`;
      throw new InvalidCheckpointError(`the tensor "${tensor.name}" is ${files}.`, { tensor: tensor.name });
    }
    map.set(tensor.name, tensor);
  }
  return map;
}

function stripPrefix(tensors: readonly CheckpointTensor[]): CheckpointTensor[] {
  const anchors = tensors.filter(({ name }) => [WORD_EMBEDDINGS, `${WORD_EMBEDDINGS}.q4`].some((anchor) => name === anchor || name.endsWith(`.${anchor}`)));
  const prefixes = new Set(anchors.map(({ name }) => name.slice(0, name.indexOf(WORD_EMBEDDINGS))));
  const [prefix] = prefixes;
  if (prefix === undefined) throw new InvalidCheckpointError(`no tensor is called "…${WORD_EMBEDDINGS}".`, { tensor: WORD_EMBEDDINGS });
  if (prefixes.size > 1) {
    throw new InvalidCheckpointError(`it holds several encoders: ${[...prefixes].map((one) => `"${one}"`).join(", ")}. Leave one of them in the folder.`);
  }
  return tensors.filter(({ name }) => name.startsWith(prefix)).map((tensor) => ({ ...tensor, name: modernName(tensor.name.slice(prefix.length)) }));
}

/** BERT checkpoints of TensorFlow origin call the LayerNorm's parameters gamma and beta, as transformers also accepts. */
function modernName(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, "LayerNorm.weight").replace(/LayerNorm\.beta$/, "LayerNorm.bias");
}
