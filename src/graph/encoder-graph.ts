/**
 * The ONNX graph of an encoder (BERT, XLM-RoBERTa) with its three heads, as one target wants it: from embedding rows to raw head outputs.
 *
 * It is written at load, in a few milliseconds, and holds no weights: `weights` tells how to make each tensor from what the artefact stores. So one download
 * serves every backend. Inputs besides the weights:
 *
 * | name        | type, shape            | when                 | what                                                                        |
 * | rows        | float32 [B, S, hidden] | always               | word + position + type rows, before the embedding LayerNorm                 |
 * | key_bias    | float32 [B, 1, 1, S]   | masked               | 0 for a real token, a large negative number for padding                     |
 * | query_zeros | float32 [1, 1, S, 1]   | masked               | zeros: their sum with key_bias is the [B, 1, S, S] that the kernel asks for |
 * | pooling     | float32 [B, 1, S]      | masked, mean pooling | 1 / length for a real token, 0 for padding                                  |
 * | first_rows  | float32 [B, S, hidden] | see below            | what `rows` of the graph of the first layers were                           |
 *
 * Outputs, those selected: pooled [B, hidden], lexical [B, S, 1], colbert [B, S, dim], hidden [B, S, hidden]. Nothing is normalised, and padding is not removed.
 * A graph of some layers only takes the hidden states before them as rows, when they are not the first, and has the one output `hidden`, when they are not the
 * last; where a head reads first hidden states too, the graph of the last layers needs first_rows to make them.
 */
import { readsFirstState } from "#core/head-inputs.ts";
import type { HeadLayer, Manifest } from "#core/manifest.ts";
import { type AttentionSetting, attention, maskBias } from "./attention.ts";
import type { Value } from "./graph-builder.ts";
import { GraphContext } from "./graph-context.ts";
import { floatKernel } from "./linear/float-kernel.ts";
import { int8Kernel } from "./linear/int8-kernel.ts";
import type { LinearKernel, LinearLayer, PreparedInput } from "./linear/linear-kernel.ts";
import { nbitsKernel } from "./linear/nbits-kernel.ts";
import { longTexts } from "./long-attention.ts";
import { type GraphTarget, isFloatModel, isHalf, isMasked } from "./target.ts";
import type { WeightBinding } from "./weights/weight-binding.ts";

export interface EncoderGraph {
  /** An ONNX model, without weights. */
  readonly proto: Uint8Array<ArrayBuffer>;
  readonly weights: readonly WeightBinding[];
}

/** @throws UnsupportedModelError when the target has no kernel for how a matrix is stored */
export function buildEncoderGraph(manifest: Manifest, target: GraphTarget): EncoderGraph {
  const context = new GraphContext(manifest, target);
  const { g } = context;
  const { hiddenSize, layerNormEps, numHiddenLayers } = manifest.architecture;
  const { first, end } = target.layers ?? { first: 0, end: numHiddenLayers };
  const linear = bodyKernel(context);
  const rows = g.input("rows", "float32", ["texts", "tokens", hiddenSize]);
  const setting = { bias: maskBias(context), longTexts: target.kernels === "cpu" ? longTexts(context, rows) : null };

  const firstStates = (of: Value) => {
    const states = g.op("LayerNormalization", [of, ...layerNormParameters(context, "embeddings.LayerNorm", "float32")], {
      axis: -1,
      epsilon: { float: layerNormEps },
    });
    return isHalf(target) ? g.cast(states, "float16") : states;
  };

  let x = first === 0 ? firstStates(rows) : rows;
  const begin = x;
  for (let layer = first; layer < end; layer++) x = encoderLayer(context, linear, `encoder.layer.${layer}`, x, setting);

  if (end < numHiddenLayers) {
    g.output(x, "hidden", "float32", ["texts", "tokens", hiddenSize]);
    return { proto: g.toModel(manifest.name), weights: context.bindings };
  }
  const { lexical, colbert } = manifest.heads;
  if (target.outputs.dense) g.output(pool(context, x), "pooled", "float32", ["texts", hiddenSize]);
  let both: Value | undefined;
  const headInput = (layers: readonly HeadLayer[]) => {
    if (!readsFirstState(layers, hiddenSize)) return x;
    both ??= g.op("Concat", [x, first === 0 ? begin : firstStates(g.input("first_rows", "float32", ["texts", "tokens", hiddenSize]))], { axis: -1 });
    return both;
  };
  const headOutput = (layers: readonly HeadLayer[]) => toFloat32(context, head(context, layers, headInput(layers)));
  if (target.outputs.lexical && lexical) g.output(headOutput(lexical.layers), "lexical", "float32", ["texts", "tokens", 1]);
  if (target.outputs.colbert && colbert) g.output(headOutput(colbert.layers), "colbert", "float32", ["texts", "tokens", colbert.dim]);
  // An output takes its value's name: so the last, when all others are made of it.
  if (target.outputs.hidden) g.output(toFloat32(context, x), "hidden", "float32", ["texts", "tokens", hiddenSize]);
  return { proto: g.toModel(manifest.name), weights: context.bindings };
}

function bodyKernel(context: GraphContext): LinearKernel {
  if (isFloat(context)) return floatKernel(context);
  return context.target.kernels === "webgpu" ? nbitsKernel(context) : int8Kernel(context);
}

/** Does the encoder compute in float32 throughout? */
function isFloat({ target, manifest }: GraphContext): boolean {
  return target.precision === "fp32" || isFloatModel(manifest);
}

/** Post-LayerNorm, as in BERT: x = LN(x + attention(x)); x = LN(x + feedForward(x)). */
function encoderLayer(context: GraphContext, linear: LinearKernel, name: string, x: Value, setting: AttentionSetting): Value {
  const { hiddenSize, intermediateSize } = context.architecture;
  const attended = linear.prepare(attention(context, linear, `${name}.attention.self`, x, setting));
  const projection = { name: `${name}.attention.output.dense`, inputs: hiddenSize, outputs: hiddenSize };
  const middle = addAndNormalise(context, linear, projection, attended, x, `${name}.attention.output.LayerNorm`);
  const up = { name: `${name}.intermediate.dense`, inputs: hiddenSize, outputs: intermediateSize };
  const activated = linear.prepare(gelu(context, linear, up, linear.prepare(middle)), "after-gelu");
  const down = { name: `${name}.output.dense`, inputs: intermediateSize, outputs: hiddenSize };
  return addAndNormalise(context, linear, down, activated, middle, `${name}.output.LayerNorm`);
}

/**
 * gelu(x Wᵀ + b), with the error function. But beside int8 products by its tanh form, which is at most 0.0005 off, far less than the rounding to 8 bits that
 * follows, and three times as fast.
 */
function gelu(context: GraphContext, linear: LinearKernel, layer: LinearLayer, x: PreparedInput): Value {
  const { g, target } = context;
  if (target.kernels === "webgpu") return g.contrib("Gelu", [linear.apply(x, layer)]);
  return g.contrib(isFloat(context) ? "BiasGelu" : "FastGelu", [linear.multiply(x, layer), context.vector([`${layer.name}.bias`], layer.outputs)]);
}

/** LayerNorm(x Wᵀ + b + skip). */
function addAndNormalise(context: GraphContext, linear: LinearKernel, layer: LinearLayer, x: PreparedInput, skip: Value, norm: string): Value {
  const { g, target, architecture } = context;
  const epsilon = { float: architecture.layerNormEps };
  const parameters = layerNormParameters(context, norm);
  if (target.kernels === "webgpu") return g.contrib("SkipLayerNormalization", [linear.apply(x, layer), skip, ...parameters], { epsilon });
  const bias = context.vector([`${layer.name}.bias`], layer.outputs);
  return g.contrib("SkipLayerNormalization", [linear.multiply(x, layer), skip, ...parameters, bias], { epsilon });
}

function layerNormParameters(context: GraphContext, name: string, as?: "float32"): [gamma: Value, beta: Value] {
  const { hiddenSize } = context.architecture;
  return [context.vector([`${name}.weight`], hiddenSize, as), context.vector([`${name}.bias`], hiddenSize, as)];
}

/** Whatever is computed with, what a graph gives is float32. */
function toFloat32({ g, target }: GraphContext, value: Value): Value {
  return isHalf(target) ? g.cast(value, "float32") : value;
}

function pool(context: GraphContext, hidden: Value): Value {
  const { g, manifest, target } = context;
  if (manifest.heads.dense.pooling === "cls") return toFloat32(context, g.op("Gather", [hidden, g.constant("int64", [], [0])], { axis: 1 }));
  // A sum over all tokens of a text would lose digits as float16.
  const x = toFloat32(context, hidden);
  if (!isMasked(target)) return g.op("ReduceMean", [x, g.ints(1)], { keepdims: 0 });
  return g.op("Squeeze", [g.op("MatMul", [g.input("pooling", "float32", ["texts", 1, "tokens"]), x]), g.ints(1)]);
}

/** Head layers stay in float32 on the CPU: they are a few thousandths of the work. */
function head(context: GraphContext, layers: readonly HeadLayer[], x: Value): Value {
  const linear = context.target.kernels === "webgpu" && !isFloat(context) ? nbitsKernel(context) : floatKernel(context);
  for (const { tensor, inputs, outputs, activation } of layers) {
    x = linear.apply(linear.prepare(x), { name: tensor, inputs, outputs });
    if (activation === "relu") x = context.g.op("Relu", [x]);
  }
  return x;
}
