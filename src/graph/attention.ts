/** Self-attention by com.microsoft MultiHeadAttention, whose kernels differ between the providers in what they take for a mask, for biases and for long texts. */

import type { Value } from "./graph-builder.ts";
import type { GraphContext } from "./graph-context.ts";
import type { LinearKernel } from "./linear/linear-kernel.ts";
import { attendInChunks, type LongTexts } from "./long-attention.ts";
import { isHalf, isMasked } from "./target.ts";

/** What the attention of every layer shares. */
export interface AttentionSetting {
  /** [B, 1, S, S], added to the scores; "" when nothing is masked. */
  readonly bias: Value;
  /** Null where texts cannot be so long that the scores would not fit into memory. */
  readonly longTexts: LongTexts | null;
}

/**
 * Declares the inputs that say which tokens are real and makes of them what the WebGPU kernel takes: [B, 1, S, S], though all rows are the same. It is
 * made once per run, on the GPU: the sum of a row and a column is an outer sum.
 */
export function maskBias({ g, target }: GraphContext): Value {
  if (!isMasked(target)) return "";
  const keyBias = g.input("key_bias", "float32", ["texts", 1, 1, "tokens"]);
  const queryZeros = g.input("query_zeros", "float32", [1, 1, "tokens", 1]);
  const bias = g.op("Add", [keyBias, queryZeros]);
  return isHalf(target) ? g.cast(bias, "float16") : bias;
}

/** @param name of the layer's self-attention, whose query, key and value layers are read */
export function attention(context: GraphContext, linear: LinearKernel, name: string, x: Value, { bias, longTexts }: AttentionSetting): Value {
  const { g, target, architecture } = context;
  const { hiddenSize, numAttentionHeads } = architecture;
  const layers = ["query", "key", "value"].map((part) => ({ name: `${name}.${part}`, inputs: hiddenSize, outputs: hiddenSize }));
  const input = linear.prepare(x);
  const attributes = { num_heads: numAttentionHeads };
  if (target.kernels === "webgpu") {
    const projected = layers.map((layer) => linear.apply(input, layer));
    return g.contrib("MultiHeadAttention", bias === "" ? projected : [...projected, "", "", bias], attributes);
  }
  const projected = layers.map((layer) => linear.multiply(input, layer));
  const biases = context.vector(
    layers.map((layer) => `${layer.name}.bias`),
    hiddenSize,
  );
  if (longTexts) return attendInChunks(context, projected, biases, longTexts);
  return g.contrib("MultiHeadAttention", [...projected, biases], attributes);
}
