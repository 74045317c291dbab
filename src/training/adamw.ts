/** AdamW (Loshchilov & Hutter 2019) as PyTorch computes it: decay first, then the step with both moments corrected for their start at 0. */
import { type Floats, zerosLike } from "./matrix.ts";

/** Numbers to change, and their gradient. */
export interface Parameter {
  /** As the tensor will be called. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Floats;
  readonly gradient: Floats;
  /** Whether weight decay applies: to matrices, not to biases. */
  readonly decays: boolean;
}

export interface AdamWOptions {
  readonly weightDecay: number;
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  /** Gradients are scaled down to this length when all of them together are longer. */
  readonly maxGradientLength?: number | undefined;
}

export class AdamW {
  readonly parameters: readonly Parameter[];
  /** First and second moments of each parameter. */
  readonly moments: readonly { readonly mean: Floats; readonly square: Floats }[];
  readonly #options: Required<{ [Name in keyof AdamWOptions]: number }>;

  constructor(parameters: readonly Parameter[], options: AdamWOptions) {
    this.parameters = parameters;
    this.moments = parameters.map(({ values }) => ({ mean: zerosLike(values, values.length), square: zerosLike(values, values.length) }));
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, maxGradientLength = 1, weightDecay } = options;
    this.#options = { beta1, beta2, epsilon, maxGradientLength, weightDecay };
  }

  /** Changes the parameters and sets their gradients to 0. @param step from 1 */
  step(step: number, learningRate: number): void {
    const { beta1, beta2, epsilon, weightDecay } = this.#options;
    const shrink = this.#gradientScale();
    const meanCorrection = 1 - beta1 ** step;
    const squareCorrection = 1 - beta2 ** step;
    for (const [index, { values, gradient, decays }] of this.parameters.entries()) {
      const { mean, square } = this.moments[index]!;
      const keep = 1 - (decays ? learningRate * weightDecay : 0);
      for (let at = 0; at < values.length; at++) {
        const g = gradient[at]! * shrink;
        const m = beta1 * mean[at]! + (1 - beta1) * g;
        const v = beta2 * square[at]! + (1 - beta2) * g * g;
        mean[at] = m;
        square[at] = v;
        values[at] = values[at]! * keep - (learningRate * (m / meanCorrection)) / (Math.sqrt(v / squareCorrection) + epsilon);
      }
      gradient.fill(0);
    }
  }

  #gradientScale(): number {
    let squares = 0;
    for (const { gradient } of this.parameters) for (let at = 0; at < gradient.length; at++) squares += gradient[at]! ** 2;
    const length = Math.sqrt(squares);
    return length > this.#options.maxGradientLength ? this.#options.maxGradientLength / length : 1;
  }
}

/** Learning rate at a step (from 1): up in a line for the first part of all steps, then down in a line to 0. FlagEmbedding's default schedule. */
export function learningRateAt(step: number, { steps, warmUpRatio, peak }: { steps: number; warmUpRatio: number; peak: number }): number {
  const warmUp = Math.max(1, Math.round(steps * warmUpRatio));
  if (step <= warmUp) return (peak * step) / warmUp;
  return peak * Math.max(0, (steps - step + 1) / (steps - warmUp + 1));
}
