/**
 * A trainable head: a chain of linear layers on hidden states, with gradients by hand. Forward: y = f(x Wᵀ + b), f the identity or relu, as the artefact's
 * heads are (core/manifest.ts). Backward: dW += dYᵀ X, db += Σ dY, dX = dY W, where dY is masked by relu.
 */
import type { HeadLayer } from "#core/manifest.ts";
import { type Floats, multiplyByTransposed, transpose, zerosLike } from "./matrix.ts";
import type { Random } from "./random.ts";

/** One layer's numbers, and the gradients that `backward` adds to. */
export interface TrainableLayer {
  readonly spec: HeadLayer;
  /** [outputs, inputs] */
  readonly weight: Floats;
  /** [outputs] */
  readonly bias: Floats;
  readonly weightGradient: Floats;
  readonly biasGradient: Floats;
}

export type TrainableHead = readonly TrainableLayer[];

/** What a forward pass leaves for the backward pass: the input of each layer, and the output of the last. */
export interface HeadPass {
  readonly rows: number;
  readonly inputs: readonly Floats[];
  /** [rows, outputs of the last layer] */
  readonly output: Floats;
}

/** Weights and biases uniform in ± 1 / √inputs, as PyTorch begins a linear layer. */
export function randomHead(specs: readonly HeadLayer[], random: Random, like: Floats = new Float32Array(0)): TrainableHead {
  return specs.map((spec) => {
    const bound = 1 / Math.sqrt(spec.inputs);
    const draw = (length: number) => zerosLike(like, length).map(() => (2 * random.uniform() - 1) * bound);
    return layerOf(spec, draw(spec.inputs * spec.outputs), draw(spec.outputs));
  });
}

/** A layer that begins with these numbers. */
export function layerOf(spec: HeadLayer, weight: Floats, bias: Floats): TrainableLayer {
  return { spec, weight, bias, weightGradient: zerosLike(weight, weight.length), biasGradient: zerosLike(bias, bias.length) };
}

/** @param x [rows, inputs of the first layer] */
export function forward(head: TrainableHead, x: Floats, rows: number): HeadPass {
  const inputs: Floats[] = [];
  for (const { spec, weight, bias } of head) {
    inputs.push(x);
    const y = zerosLike(x, rows * spec.outputs);
    for (let row = 0; row < rows; row++) y.set(bias, row * spec.outputs);
    multiplyByTransposed(x, weight, rows, spec.outputs, spec.inputs, y, true);
    if (spec.activation === "relu") for (let at = 0; at < y.length; at++) if (y[at]! < 0) y[at] = 0;
    x = y;
  }
  return { rows, inputs, output: x };
}

/** Adds to the gradients of all layers. @param gradient of the loss by the head's output, [rows, outputs]; it is overwritten */
export function backward(head: TrainableHead, pass: HeadPass, gradient: Floats): void {
  const { rows } = pass;
  for (let index = head.length - 1; index >= 0; index--) {
    const { spec, weight, weightGradient, biasGradient } = head[index]!;
    const x = pass.inputs[index]!;
    const y = pass.inputs[index + 1] ?? pass.output;
    if (spec.activation === "relu") for (let at = 0; at < gradient.length; at++) if (y[at]! <= 0) gradient[at] = 0;
    for (let row = 0; row < rows; row++) {
      for (let output = 0; output < spec.outputs; output++) biasGradient[output]! += gradient[row * spec.outputs + output]!;
    }
    const byOutput = transpose(gradient, rows, spec.outputs);
    multiplyByTransposed(byOutput, transpose(x, rows, spec.inputs), spec.outputs, spec.inputs, rows, weightGradient, true);
    if (index === 0) return;
    const before = zerosLike(gradient, rows * spec.inputs);
    multiplyByTransposed(gradient, transpose(weight, spec.outputs, spec.inputs), rows, spec.inputs, spec.outputs, before);
    gradient = before;
  }
}

/** The arrays that an optimiser changes, each with its gradient, in a fixed order. */
export function parametersOf(
  head: TrainableHead,
): { readonly name: string; readonly shape: readonly number[]; readonly values: Floats; readonly gradient: Floats; readonly decays: boolean }[] {
  return head.flatMap(({ spec, weight, bias, weightGradient, biasGradient }) => [
    { name: `${spec.tensor}.weight`, shape: [spec.outputs, spec.inputs], values: weight, gradient: weightGradient, decays: true },
    { name: `${spec.tensor}.bias`, shape: [spec.outputs], values: bias, gradient: biasGradient, decays: false },
  ]);
}
