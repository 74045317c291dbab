/** Runs a plan: each backend is loaded in a worker of its own, measured and given back. */
import { type DeviceStory, M3, type ModelInfo, type ModelSource } from "bge-m3-web";
import type { BackendName, Plan } from "./plan.ts";
import { makeTexts } from "./texts.ts";

/** One combination of a length and a number of texts. */
export interface Speed {
  readonly tokens: number;
  readonly texts: number;
  readonly tokensPerSecond: number;
  /** Of one call, in the middle of all. */
  readonly callMs: number;
  readonly calls: number;
}

export interface BackendResult {
  readonly backend: BackendName;
  readonly device: DeviceStory;
  readonly info: ModelInfo;
  /** From nothing to a model that is ready; what is stored of it is not downloaded again. */
  readonly loadMs: number;
  /** The first question after that, of a few words. */
  readonly firstQueryMs: number;
  readonly speeds: readonly Speed[];
}

/** A backend that does not run here, and why. */
export interface BackendFailure {
  readonly backend: BackendName;
  readonly reason: string;
}

export interface MeasureOptions {
  readonly model: ModelSource;
  readonly signal: AbortSignal;
  /** Told what is done now, and which share of all is done. */
  readonly onProgress: (what: string, share: number) => void;
  /** Told after each combination. */
  readonly onResult: (result: BackendResult | BackendFailure) => void;
}

const QUESTION = "how do I change my password?";
const HEADS = { returnDense: true, returnSparse: true, returnColbertVecs: true } as const;
const NAMES: Readonly<Record<BackendName, string>> = { webgpu: "WebGPU", "webgpu-fp16": "WebGPU, 16-bit floats", wasm: "WebAssembly" };

export const nameOf = (backend: BackendName) => NAMES[backend];

/** @throws the signal's reason; InvalidInputError and the like for a model that is none */
export async function measure(plan: Plan, options: MeasureOptions): Promise<void> {
  const { signal, onResult } = options;
  const steps = plan.backends.length * (1 + plan.lengths.length * plan.sizes.length);
  let done = 0;
  const step = (what: string) => options.onProgress(what, done++ / steps);
  for (const [index, backend] of plan.backends.entries()) {
    try {
      await measureBackend(backend, plan, options, step);
    } catch (error) {
      signal.throwIfAborted();
      onResult({ backend, reason: error instanceof Error ? error.message : String(error) });
      done = (index + 1) * (1 + plan.lengths.length * plan.sizes.length);
    }
  }
}

async function measureBackend(
  backend: BackendName,
  plan: Plan,
  { model, signal, onProgress, onResult }: MeasureOptions,
  step: (what: string) => void,
): Promise<void> {
  const name = nameOf(backend);
  const device = backend === "wasm" ? "wasm" : "webgpu";
  const precision = backend === "webgpu-fp16" ? "fp16" : "default";
  step(`${name}: loading the model`);
  const from = performance.now();
  const m3 = await M3.load(model, { device, precision, signal, prefetch: "none", baseUrl: new URL("../", document.baseURI) });
  try {
    const loadMs = performance.now() - from;
    if (precision === "fp16" && !m3.device.precision.includes("float16")) throw new Error(m3.device.why);
    const asked = performance.now();
    await m3.encodeQueries(QUESTION, { ...headsOf(m3.info), signal });
    const firstQueryMs = performance.now() - asked;
    const speeds: Speed[] = [];
    const tell = () => onResult({ backend, device: m3.device, info: m3.info, loadMs, firstQueryMs, speeds });
    tell();
    for (const tokens of plan.lengths.filter((length) => length <= m3.info.maxTokens)) {
      for (const size of plan.sizes) {
        step(`${name}: ${size === 1 ? "one text" : `lists of ${size} texts`} of ${tokens} tokens`);
        speeds.push(await speedOf(m3, tokens, size, plan.leastMs, signal));
        tell();
      }
    }
    onProgress(`${name} is done`, 1);
  } finally {
    await m3.dispose();
  }
}

async function speedOf(m3: M3, tokens: number, texts: number, leastMs: number, signal: AbortSignal): Promise<Speed> {
  const list = await makeTexts(m3, tokens, texts, signal);
  const options = { ...headsOf(m3.info), maxLength: tokens, signal };
  // Pages of the embedding table come, and shaders are compiled.
  const { tokenCounts } = await m3.encodeCorpus(list, options);
  const perCall = tokenCounts.reduce((sum, count) => sum + count, 0);
  const times: number[] = [];
  const from = performance.now();
  while (times.length < 2 || performance.now() - from < leastMs) {
    const before = performance.now();
    await m3.encodeCorpus(list, options);
    times.push(performance.now() - before);
  }
  const callMs = times.sort((a, b) => a - b)[times.length >> 1]!;
  return { tokens: Math.round(perCall / texts), texts, tokensPerSecond: (perCall / callMs) * 1000, callMs, calls: times.length };
}

/** All that the model has. */
function headsOf({ lexical, dims }: ModelInfo) {
  return { ...HEADS, returnSparse: lexical, returnColbertVecs: dims.colbert !== null };
}
