/** What a session on ONNX Runtime's CPU provider is opened with. */
import type { SessionInfo } from "#core/session.ts";
import type { OrtApi } from "./ort-api.ts";
import type { PrepareOptions } from "./prepare-weights.ts";

export interface CpuEngineOptions<Tensor> extends PrepareOptions {
  readonly ort: OrtApi<Tensor>;
  readonly precision: "default" | "fp32";
  readonly info: Pick<SessionInfo, "engine" | "threads" | "batch"> & { readonly backend: "wasm" | "native" };
  /** Layers of one session. Default: in WebAssembly as the model's longest text asks for, natively all (each session there has threads of its own). */
  readonly layersAtATime?: number | undefined;
  /** Read the weights of each slice when a text is at it, and let go of them after: slow, but a model needs the memory of one slice only. Default false. */
  readonly transient?: boolean | undefined;
}
