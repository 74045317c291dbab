/** What a graph is made for. */
import type { Manifest } from "#core/manifest.ts";
import type { OutputSelection } from "#core/session.ts";

/** Layers [first, end) of an encoder. The graph of the first ones begins with the embedding LayerNorm, that of the last ones ends with the heads. */
export interface LayerRange {
  readonly first: number;
  readonly end: number;
}

interface Target {
  /** `default`: matrices as they are stored (4 or 8 bits; on the CPU all at 8). `fp32`: everything in float32, to compare with the reference. */
  readonly precision: "default" | "fp32";
  /** Which outputs the graph has. */
  readonly outputs: OutputSelection;
  /** Which of the encoder's layers; default all. */
  readonly layers?: LayerRange | undefined;
}

/** ONNX Runtime's CPU provider, in WebAssembly and native alike. Its batches have texts of equal length, so that nothing is padded or masked. */
export interface CpuTarget extends Target {
  readonly kernels: "cpu";
  /** Whether int8 weights are given as unsigned bytes with zero point 128, which is slower (see saturation.ts). Default false. */
  readonly unsignedWeights?: boolean | undefined;
}

/** ONNX Runtime's WebGPU provider. */
export interface WebGpuTarget extends Target {
  readonly kernels: "webgpu";
  /** Whether the texts of a batch may have unequal lengths; then the graph has the inputs that say which tokens are real. */
  readonly masked: boolean;
  /**
   * Weights that are not of few bits (scales, biases, LayerNorms) as float16, and what is computed with them: `compute`: all activations are float16 too, from the embedding LayerNorm
   * to the heads (a device needs `shader-f16`). `exact`: the same weights, computed in float32. Left out: float32 throughout.
   */
  readonly half?: "compute" | "exact" | undefined;
}

export type GraphTarget = CpuTarget | WebGpuTarget;

/** Whether a model's matrices are floats, and so computed in float32 on every target. */
export function isFloatModel({ dtype }: Pick<Manifest, "dtype">): boolean {
  return dtype === "fp32" || dtype === "fp16";
}

/** Whether activations are float16. */
export function isHalf(target: GraphTarget): boolean {
  return target.kernels === "webgpu" && target.half === "compute";
}

export function isMasked(target: GraphTarget): boolean {
  return target.kernels === "webgpu" && target.masked;
}
