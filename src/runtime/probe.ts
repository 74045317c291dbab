/** What this worker's browser has that decides how a model can run. It asks, and starts nothing. */
import type { DeviceChoice } from "#core/device.ts";

/** One backend, and whether it can be tried here. */
export interface BackendStatus {
  readonly backend: "webgpu" | "wasm";
  readonly available: boolean;
  /** Whether the "GPU" is this machine's processor: right, but slower than WebAssembly. */
  readonly software: boolean;
  /** For people: the adapter's name, or why there is none. */
  readonly reason: string;
  /** Whether it computes with 16-bit floats. */
  readonly half: boolean;
}

/** The feature without which a GPU's shaders have no 16-bit floats. */
export const HALF_FEATURE = "shader-f16";

/** Threads beyond this bring little, and take cores that the page needs. */
const MOST_THREADS = 4;

/** Threads that ONNX Runtime can use: shared memory, which threads in WebAssembly need, takes a cross-origin isolated page. */
export function usableThreads(wanted = MOST_THREADS): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(wanted, navigator.hardwareConcurrency ?? 1));
}

/** Can WebAssembly wait for promises (JSPI)? Then the smaller and faster of the two WebGPU builds runs. */
export function hasJspi(): boolean {
  return "Suspending" in WebAssembly;
}

/** Null where there is no WebGPU, or no GPU for it. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  if (!("gpu" in navigator)) return null;
  return navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
}

/** Does the adapter emulate a GPU? */
export function isSoftware({ info }: GPUAdapter): boolean {
  return info?.isFallbackAdapter ?? false;
}

/** The adapter in a few words, such as "nvidia turing". Browsers may tell nothing. */
export function describeAdapter({ info }: GPUAdapter): string {
  const words = [info?.vendor, info?.architecture].filter(Boolean).join(" ");
  return words === "" ? "a GPU that does not tell its name" : words;
}

/** The backends that a choice allows, the preferred one first. */
export async function listBackends(choice: DeviceChoice): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  if (choice !== "wasm") statuses.push(await webgpuStatus());
  if (choice !== "webgpu") statuses.push(wasmStatus());
  return statuses;
}

async function webgpuStatus(): Promise<BackendStatus> {
  const backend = "webgpu";
  if (!("gpu" in navigator)) return { backend, available: false, software: false, half: false, reason: "this browser has no WebGPU in workers" };
  const adapter = await requestAdapter();
  if (!adapter) return { backend, available: false, software: false, half: false, reason: "there is no WebGPU adapter" };
  return { backend, available: true, software: isSoftware(adapter), half: adapter.features.has(HALF_FEATURE), reason: describeAdapter(adapter) };
}

function wasmStatus(): BackendStatus {
  const threads = usableThreads();
  const why = globalThis.crossOriginIsolated ? "" : ", since the page is not cross-origin isolated";
  return { backend: "wasm", available: true, software: false, half: false, reason: threads === 1 ? `one thread${why}` : `${threads} threads` };
}
