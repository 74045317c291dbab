/**
 * The builds of onnxruntime-web that we use, each loaded when it is chosen: `wasm` (CPU only, all operators), `jspi` and `webgpu` (the native WebGPU provider,
 * for browsers with and without JSPI). Never the package's bare name: that is the older WebGPU provider, which holds all attention scores at once.
 */
import type * as Ort from "onnxruntime-web";
import { BackendError } from "#core/errors.ts";
import { hasJspi } from "./probe.ts";

export interface Build {
  readonly ort: typeof Ort;
  /** For people: "onnxruntime-web 1.30.0 (jspi)". */
  readonly engine: string;
}

export interface BuildOptions {
  /**
   * Folder of ONNX Runtime's own files (`ort-wasm-simd-threaded*.{mjs,wasm}`), ending in a slash. Left out, they lie where the bundler put them: the builds
   * name them by `new URL("….wasm", import.meta.url)`. The .mjs must be of the page's origin.
   */
  readonly wasmBaseUrl?: string | undefined;
  readonly threads: number;
}

/** @throws BackendError when the build's JavaScript cannot be loaded */
export async function loadBuild(backend: "webgpu" | "wasm", { wasmBaseUrl, threads }: BuildOptions): Promise<Build> {
  const name = backend === "wasm" ? "wasm" : hasJspi() ? "jspi" : "webgpu";
  let ort: typeof Ort;
  try {
    ort = await importBuild(name);
  } catch (cause) {
    throw new BackendError(`the "${name}" build of onnxruntime-web could not be loaded: ${String(cause)}`, { backend }, { cause });
  }
  const { wasm, versions } = ort.env;
  if (wasmBaseUrl !== undefined) wasm.wasmPaths = wasmBaseUrl;
  // Fixed by the first session; a later one with another wish shares what is there.
  wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return { ort, engine: `onnxruntime-web ${versions.web ?? versions.common} (${name})` };
}

function importBuild(name: "wasm" | "jspi" | "webgpu"): Promise<typeof Ort> {
  if (name === "wasm") return import("onnxruntime-web/wasm");
  return name === "jspi" ? import("onnxruntime-web/jspi") : import("onnxruntime-web/webgpu");
}
