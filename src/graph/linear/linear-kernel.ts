import type { Value } from "../graph-builder.ts";

/** A linear layer of the checkpoint: tensors `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs]. */
export interface LinearLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** A value as a kernel wants it before it is multiplied: made once, used by all layers that read the same value. */
export interface PreparedInput {
  readonly values: Value;
  /** int8 only: the scale of each token, in units of `step`. */
  readonly rowScale?: Value;
  readonly zeroPoint?: Value;
  readonly step?: number;
}

/** What is known of a value's range: results of the GELU are never below -0.17. */
export type InputRange = "any" | "after-gelu";

/** How x Wᵀ is computed on one target. */
export interface LinearKernel {
  prepare(x: Value, range?: InputRange): PreparedInput;
  /** x Wᵀ without bias: on the CPU the operator that follows adds it, for it has to go through all elements anyway. */
  multiply(x: PreparedInput, layer: LinearLayer): Value;
  /** x Wᵀ + b. */
  apply(x: PreparedInput, layer: LinearLayer): Value;
}
