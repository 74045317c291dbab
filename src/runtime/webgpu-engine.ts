/**
 * The graph engine on ONNX Runtime's WebGPU provider. The weights lie in GPU buffers of ours and are inputs of the graph, so a session is small: there is one
 * for each selection of outputs, with and without masks, made when it is first asked for.
 */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { BackendError, type M3Error } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { OutputSelection, SessionInfo } from "#core/session.ts";
import { backendFailure } from "#graph/backend-failure.ts";
import { gpuBatchMemory } from "#graph/batch-memory.ts";
import { buildEncoderGraph } from "#graph/encoder-graph.ts";
import { type GraphEngine, type GraphRun, type OutputName, selectedOutputs } from "#graph/graph-session.ts";
import type { PrepareOptions } from "#graph/prepare-weights.ts";
import { serially } from "#graph/serial.ts";
import { type Build, loadBuild } from "./builds.ts";
import { type OwnDevice, openDevice } from "./gpu-device.ts";
import { WebGpuWeights } from "./webgpu-weights.ts";

type Precision = "default" | "fp32" | "fp16";

/** A GPU wants work: batches are large, and texts of nearly equal length share one. */
const BATCH = { tokenBudget: 4096, maxTexts: 64, maxPadding: 0.03 } as const;

interface WebGpuOptions extends PrepareOptions {
  /** `fp16`: activations are 16-bit floats; a batch that leaves their range is computed in float32. */
  readonly precision: Precision;
  readonly subgroups?: boolean | undefined;
  readonly wasmBaseUrl?: string | undefined;
}

/** @throws BackendError when there is no device or it fails; UnsupportedModelError when a tensor is too large for it; what reading a tensor throws */
export async function openWebGpuEngine(model: LoadedModel, options: WebGpuOptions): Promise<GraphEngine> {
  const { precision, wasmBaseUrl } = options;
  // Threads would serve the CPU provider, which computes nothing here.
  const build = await loadBuild("webgpu", { wasmBaseUrl, threads: 1 });
  const own = await openDevice({ subgroups: options.subgroups, half: precision === "fp16" });
  try {
    const { lexical, colbert } = model.manifest.heads;
    const everything = { dense: true, lexical: lexical !== null, colbert: colbert !== null };
    const { weights } = buildEncoderGraph(model.manifest, { ...targetOf(precision, false), masked: false, outputs: everything });
    return new WebGpuEngine(build, own, await WebGpuWeights.upload(weights, model, own.device, build, options), model.manifest, precision);
  } catch (error) {
    own.device.destroy();
    throw error;
  }
}

class WebGpuEngine implements GraphEngine {
  readonly info: SessionInfo;
  readonly masks = true;
  readonly #build: Build;
  readonly #device: GPUDevice;
  readonly #weights: WebGpuWeights;
  readonly #manifest: Manifest;
  readonly #precision: Precision;
  readonly half: boolean;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();
  /** Rejects when the device is lost, which a run does not always notice. */
  readonly #lost: Promise<never>;
  /** After one failure ONNX Runtime's state is spoiled: sessions that are made later fail as well. */
  #failure: M3Error | undefined;
  #disposed = false;

  constructor(build: Build, { device, adapter, subgroups }: OwnDevice, weights: WebGpuWeights, manifest: Manifest, precision: Precision) {
    const engine = `${build.engine} on ${adapter}${subgroups ? "" : ", without subgroups"}`;
    const batch = { ...BATCH, memory: gpuBatchMemory(manifest.architecture) };
    this.info = { backend: "webgpu", engine, precision: describePrecision(manifest, precision), threads: 1, batch };
    this.#build = build;
    this.#device = device;
    this.#weights = weights;
    this.#manifest = manifest;
    this.#precision = precision;
    this.half = precision === "fp16";
    this.#lost = device.lost.then(({ message, reason }) => {
      throw this.#fail(new BackendError(`the GPU device was lost (${message || reason}).`, { backend: "webgpu", spoiled: true }));
    });
    this.#lost.catch(() => {});
  }

  async run(run: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    return serially(async () => {
      if (this.#failure)
        throw new BackendError("an earlier run failed, and its worker with it.", { backend: "webgpu", spoiled: true }, { cause: this.#failure });
      try {
        return await Promise.race([this.#run(run), this.#lost]);
      } catch (error) {
        throw this.#fail(backendFailure("a run", error, { backend: "webgpu", spoiled: true }));
      }
    });
  }

  async dispose(): Promise<void> {
    await serially(async () => {
      this.#disposed = true;
      // A session whose device is gone may not be released; its memory goes with the worker.
      await Promise.allSettled([...this.#sessions.values()].map(async (session) => (await session).release()));
      this.#weights.destroy();
      this.#device.destroy();
    });
  }

  async #run({ feeds, outputs, masked, exact }: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    const session = await this.#session(outputs, masked, exact ?? false);
    const inputs: Record<string, Tensor> = {};
    for (const name of session.inputNames) {
      const feed = feeds[name];
      const tensor = feed ? new this.#build.ort.Tensor("float32", feed.data, feed.dims) : this.#weights.tensors.get(name);
      if (!tensor) throw new BackendError(`the graph asks for an input "${name}" that nothing gives.`);
      inputs[name] = tensor;
    }
    const results = await session.run(inputs);
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  }

  #session({ dense, lexical, colbert, hidden }: OutputSelection, masked: boolean, exact: boolean): Promise<InferenceSession> {
    const { heads } = this.#manifest;
    const outputs = { dense, lexical: lexical && heads.lexical !== null, colbert: colbert && heads.colbert !== null, hidden };
    const key = [...selectedOutputs(outputs), masked, exact].join();
    let session = this.#sessions.get(key);
    if (!session) {
      const { proto } = buildEncoderGraph(this.#manifest, { ...targetOf(this.#precision, exact), masked, outputs });
      const executionProviders = [{ name: "webgpu", device: this.#device }] as const;
      session = this.#build.ort.InferenceSession.create(proto, { executionProviders, graphOptimizationLevel: "basic" });
      this.#sessions.set(key, session);
    }
    return session;
  }

  /** Remembers the first failure. That the device goes away when it is disposed of is none. */
  #fail(error: M3Error): M3Error {
    if (!this.#disposed) this.#failure ??= error;
    return error;
  }
}

function targetOf(precision: Precision, exact: boolean) {
  if (precision !== "fp16") return { kernels: "webgpu", precision } as const;
  return { kernels: "webgpu", precision: "default", half: exact ? "exact" : "compute" } as const;
}

function describePrecision({ dtype }: Manifest, precision: Precision): string {
  const isFloat = dtype === "fp32" || dtype === "fp16";
  if (precision === "fp16") {
    const weights = isFloat ? "float16 weights" : `${dtype === "q4" ? 4 : 8}-bit weights in blocks of 32`;
    return `${weights}, float16 activations (float32 for batches that leave their range)`;
  }
  if (precision === "fp32" || isFloat) return "fp32";
  return `${dtype === "q4" ? 4 : 8}-bit weights in blocks of 32, float32 activations`;
}
