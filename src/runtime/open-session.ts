/** Opens a model on one of the browser's backends. Which one is somebody else's choice. */
import { UnsupportedModelError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession } from "#core/session.ts";
import { openCpuEngine } from "#graph/cpu-engine.ts";
import { GraphSession } from "#graph/graph-session.ts";
import { openOnnxEngine } from "#graph/onnx-engine.ts";
import type { PrepareOptions } from "#graph/prepare-weights.ts";
import { loadBuild } from "./builds.ts";
import { usableThreads } from "./probe.ts";
import { openWasmEncoder } from "./wasm-encoder/engine.ts";
import { openWebGpuEngine } from "./webgpu-engine.ts";

export interface OpenOptions extends PrepareOptions {
  readonly backend: "webgpu" | "wasm";
  /** `fp32` computes everything in float32, whatever the artefact stores; `fp16`, on WebGPU only, activations in 16 bits. Default: as it is stored. */
  readonly precision?: "default" | "fp32" | "fp16" | undefined;
  /** Most threads of the WASM backend; without cross-origin isolation it is one in any case. Default: as many as the machine has, at most 4. */
  readonly threads?: number | undefined;
  /** WebGPU: false does without subgroup operations, which some drivers get wrong. Default: as the adapter's data allow. */
  readonly subgroups?: boolean | undefined;
  /** WASM: our own encoder, or ONNX Runtime's. Default: ONNX Runtime's. */
  readonly engine?: "bge-m3-web" | "onnxruntime" | undefined;
  /** Folder of ONNX Runtime's own files, ending in a slash, of the page's origin. Default: where the build put them. */
  readonly wasmBaseUrl?: string | undefined;
}

/** From some 256 tokens on, longer batches are no faster, and shorter ones can be stopped sooner. */
const WASM_BATCH = { tokenBudget: 512, maxTexts: 64, maxPadding: 0 } as const;

/**
 * @throws BackendError when the backend cannot be started; what reading a tensor throws; the signal's reason
 */
export async function openSession(model: LoadedModel, options: OpenOptions): Promise<EncoderSession> {
  const { backend, precision = "default", wasmBaseUrl, signal, onProgress } = options;
  const { onnx } = model.manifest;
  // Many published graphs round activations to 8 bits at run time, with operators that WebGPU has not; and all of them have the tables within.
  if (backend === "webgpu" && onnx) throw new UnsupportedModelError("it is an ONNX file, which runs on WebAssembly only.", { backend });
  if (backend === "webgpu") return new GraphSession(await openWebGpuEngine(model, { ...options, precision }), model.manifest);
  if (precision === "fp16") throw new UnsupportedModelError("16-bit activations are computed on WebGPU only.", { backend });
  const threads = usableThreads(options.threads);
  if (options.engine === "bge-m3-web" && !onnx) return openWasmEncoder(model, { precision, threads, signal, onProgress });
  const { ort, engine } = await loadBuild("wasm", { wasmBaseUrl, threads });
  const info = { backend, engine, threads, batch: WASM_BATCH };
  const given = { ort, precision, info, signal, onProgress };
  return new GraphSession(await (onnx ? openOnnxEngine(model, onnx, given) : openCpuEngine(model, given)), model.manifest);
}
