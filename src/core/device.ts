/** Which backend runs the model, and the story of how it was chosen: `m3.device`. */

/** What the caller asks for. `auto` takes the fastest backend that passes the self-test. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/**
 * What activations are computed in. `default`: float32 on WebGPU, 8 bits with a scale for each token on the CPU. `fp16`: 16-bit floats on WebGPU, where the device has
 * `shader-f16` and passes the self-test; elsewhere as `default`.
 */
export type PrecisionChoice = "default" | "fp16";

/** One backend that was considered. */
export interface DeviceAttempt {
  readonly backend: "webgpu" | "wasm" | "native";
  /** `failed`: did not start, or gave wrong numbers. `slower`: gave the right ones, later than the chosen one. `unavailable`: not tried. */
  readonly outcome: "chosen" | "failed" | "slower" | "unavailable";
  /** For people: "self-test cosine 0.9991", "no WebGPU adapter", … */
  readonly reason: string;
  /** Measured in the short trial, where there was one. */
  readonly tokensPerSecond?: number | undefined;
}

/** What runs the model, and what became of every backend that was considered. */
export interface DeviceStory {
  /** `native` in Node only. */
  readonly backend: "webgpu" | "wasm" | "native";
  /** Which build or library, such as "onnxruntime-web 1.30.0 (jspi)". */
  readonly engine: string;
  /** Arithmetic of the matrix products, for people: "fp32", "4-bit weights in blocks of 32, float32 activations", … */
  readonly precision: string;
  /** Threads on the CPU; 1 on WebGPU. */
  readonly threads: number;
  /** One sentence: why this backend, and why these threads. */
  readonly why: string;
  /** In the order in which they ended; the chosen one is among them. */
  readonly attempts: readonly DeviceAttempt[];
}
