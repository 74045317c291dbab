/**
 * The session of the command line: the CPU graphs on onnxruntime-node where it is installed, otherwise on onnxruntime-web's WebAssembly, which comes with this
 * package and runs one thread in Node (about a third of the native speed per thread).
 */
import { availableParallelism } from "node:os";
import { BackendError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { EncoderSession } from "#core/session.ts";
import { openCpuEngine } from "#graph/cpu-engine.ts";
import type { CpuEngineOptions } from "#graph/cpu-options.ts";
import { GraphSession } from "#graph/graph-session.ts";
import { openOnnxEngine } from "#graph/onnx-engine.ts";
import type { PrepareOptions } from "#graph/prepare-weights.ts";

export interface NodeSessionOptions extends PrepareOptions {
  /** `fp32` computes everything in float32, whatever the artefact stores. Default: as it is stored. */
  readonly precision?: "default" | "fp32" | undefined;
  /** Keep no weights: they are read a layer at a time with every run, which is slow and takes the memory of one layer. Default false. */
  readonly lowMemory?: boolean | undefined;
  /** Threads of the native engine. Default: one for each core. */
  readonly threads?: number | undefined;
  /** Default: native where it is installed. */
  readonly engine?: "native" | "wasm" | undefined;
}

/** Equal lengths only, so more texts per batch find company; the last of them may wait a second. */
const BATCH = { tokenBudget: 2048, maxTexts: 128, maxPadding: 0 } as const;

/** @throws BackendError when no engine can be loaded or the session not be created; what reading a tensor throws; the signal's reason */
export async function openNodeSession(model: LoadedModel, options: NodeSessionOptions = {}): Promise<EncoderSession> {
  const { precision = "default", signal, onProgress } = options;
  const shared = { precision, signal, onProgress, ...(options.lowMemory ? { transient: true, layersAtATime: 1 } : {}) };
  const open = <Tensor>(given: CpuEngineOptions<Tensor>) =>
    model.manifest.onnx ? openOnnxEngine(model, model.manifest.onnx, given) : openCpuEngine(model, given);
  const native = options.engine === "wasm" ? null : await importNative();
  if (native) {
    const threads = options.threads ?? availableParallelism();
    const info = { backend: "native", engine: `onnxruntime-node ${native.env.versions.node ?? native.env.versions.common}`, threads, batch: BATCH } as const;
    return new GraphSession(await open({ ...shared, ort: native, info }), model.manifest);
  }
  if (options.engine === "native") throw new BackendError("onnxruntime-node is not installed: npm install onnxruntime-node.", { backend: "native" });
  const web = await import("onnxruntime-web/wasm");
  web.env.wasm.numThreads = 1;
  web.env.logLevel = "error";
  const info = { backend: "wasm", engine: `onnxruntime-web ${web.env.versions.web ?? web.env.versions.common} (wasm)`, threads: 1, batch: BATCH } as const;
  return new GraphSession(await open({ ...shared, ort: web, info }), model.manifest);
}

/** Null when the optional package is not there. A package that is there, but does not work on this system, is an error. */
async function importNative() {
  try {
    const loaded = await import("onnxruntime-node");
    // It is a CommonJS module: Node gives all of it as the default export only, bundlers and loaders may not have one.
    return loaded.default ?? loaded;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND") return null;
    throw new BackendError(`onnxruntime-node could not be loaded: ${String(cause)}`, { backend: "native" }, { cause });
  }
}
