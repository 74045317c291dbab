/**
 * Which input and output of a published ONNX file is what, by their names. The exports of BGE-M3 that are known:
 *
 * | repository                                                    | outputs                                            |
 * | ------------------------------------------------------------- | -------------------------------------------------- |
 * | aapot/bge-m3-onnx, gpahal/bge-m3-onnx-int8                    | dense_vecs, sparse_vecs, colbert_vecs              |
 * | yuniko-software/bge-m3-onnx                                   | dense_embeddings, sparse_weights, colbert_vectors  |
 * | BAAI/bge-m3, folder onnx                                      | token_embeddings, sentence_embedding               |
 * | Xenova/bge-m3                                                 | last_hidden_state                                  |
 */
import { UnsupportedModelError } from "#core/errors.ts";
import type { OnnxModel } from "#core/manifest.ts";
import type { OnnxInterface, OnnxValue } from "./onnx-interface.ts";

const INPUTS = { ids: ["input_ids"], mask: ["attention_mask"], types: ["token_type_ids"] } as const;
const OUTPUTS = {
  dense: ["dense_vecs", "dense_embeddings", "dense_vectors", "dense", "sentence_embedding"],
  lexical: ["sparse_vecs", "sparse_weights", "sparse_vectors", "sparse"],
  colbert: ["colbert_vecs", "colbert_vectors", "colbert"],
  hidden: ["last_hidden_state", "token_embeddings", "hidden_states"],
} as const;

/** Operators of graphs whose activations are rounded to 8 bits at run time. */
const DYNAMIC_INT8 = ["DynamicQuantizeLinear", "DynamicQuantizeMatMul", "MatMulInteger", "QAttention"];

/** The inputs and outputs, and the width of a ColBERT vector where the graph tells it. @throws UnsupportedModelError for names that are not known */
export function findLayout({ inputs, outputs }: OnnxInterface, file: string): Pick<OnnxModel, "inputs" | "outputs"> & { readonly colbertDim: number | null } {
  const find = (values: readonly OnnxValue[], names: readonly string[]) => values.find(({ name }) => names.includes(name)) ?? null;
  const known: readonly string[] = Object.values(INPUTS).flat();
  const strange = inputs.find(({ name }) => !known.includes(name));
  const ids = find(inputs, INPUTS.ids);
  const colbert = find(outputs, OUTPUTS.colbert);
  const found = {
    dense: find(outputs, OUTPUTS.dense)?.name ?? null,
    lexical: find(outputs, OUTPUTS.lexical)?.name ?? null,
    colbert: colbert?.name ?? null,
    hidden: find(outputs, OUTPUTS.hidden)?.name ?? null,
  };
  if (strange || !ids || (found.dense === null && found.hidden === null)) {
    const list = (values: readonly OnnxValue[]) => values.map(({ name }) => name).join(", ");
    throw new UnsupportedModelError(
      `${file} takes ${list(inputs)} and gives ${list(outputs)}; known inputs are ${known.join(", ")}, known outputs ${Object.values(OUTPUTS).flat().join(", ")}.`,
      { file },
    );
  }
  return {
    inputs: { ids: ids.name, mask: find(inputs, INPUTS.mask)?.name ?? null, types: find(inputs, INPUTS.types)?.name ?? null },
    outputs: found,
    colbertDim: colbert?.dims.at(-1) ?? null,
  };
}

export function isDynamicInt8({ operators }: OnnxInterface): boolean {
  return DYNAMIC_INT8.some((operator) => operators.has(operator));
}
