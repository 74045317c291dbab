/** The graph engine on ONNX Runtime's CPU provider, in WebAssembly and native alike: one session, in which every graph output is there to be had. */
import { BackendError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest } from "#core/manifest.ts";
import type { SessionInfo } from "#core/session.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { backendFailure } from "./backend-failure.ts";
import { buildEncoderGraph } from "./encoder-graph.ts";
import { type GraphEngine, type GraphRun, type OutputName, selectedOutputs } from "./graph-session.ts";
import { lazyParts } from "./lazy-bytes.ts";
import type { OrtApi, OrtSession, OrtSessionOptions } from "./ort-api.ts";
import { type PrepareOptions, prepareWeights } from "./prepare-weights.ts";
import { saturates } from "./saturation.ts";
import { serially } from "./serial.ts";
import { isFloatModel } from "./target.ts";
import { graphTensorBytes, type WeightBinding } from "./weights/weight-binding.ts";

export interface CpuEngineOptions<Tensor> extends PrepareOptions {
  readonly ort: OrtApi<Tensor>;
  readonly precision: "default" | "fp32";
  readonly info: Pick<SessionInfo, "engine" | "threads" | "batch"> & { readonly backend: "wasm" | "native" };
}

/** @throws BackendError; what reading a tensor throws; the signal's reason */
export async function openCpuEngine<Tensor>(model: LoadedModel, options: CpuEngineOptions<Tensor>): Promise<GraphEngine> {
  const { ort, precision, info } = options;
  const { manifest } = model;
  const { lexical, colbert } = manifest.heads;
  const heads = { dense: true, lexical: lexical !== null, colbert: colbert !== null };
  const unsignedWeights = info.backend === "native" && (await serially(() => saturates(ort)));
  const graph = buildEncoderGraph(manifest, { kernels: "cpu", precision, unsignedWeights, outputs: heads });
  const externalData: ExternalData[] = [];
  const read = info.backend === "wasm" ? lazily : atOnce;
  await prepareWeights(graph.weights, model, (binding, stored) => externalData.push(...read(binding, stored)), options);
  // The graph is fused already: what the higher levels of optimisation look for, they would not find.
  const create = () =>
    ort.InferenceSession.create(graph.proto, {
      executionProviders: [info.backend === "wasm" ? "wasm" : "cpu"],
      graphOptimizationLevel: "basic",
      externalData,
      ...(info.backend === "native" ? { intraOpNumThreads: info.threads } : {}),
    });
  const session = await serially(create).catch((error: unknown) => {
    throw backendFailure("creating the session", error, { backend: info.backend });
  });
  return new CpuEngine(session, options, manifest);
}

type ExternalData = OrtSessionOptions["externalData"][number];

function atOnce({ tensors, pack }: WeightBinding, stored: readonly StoredTensor[]): ExternalData[] {
  return pack(stored).map((data, index) => ({ path: tensors[index]!.name, data }));
}

function lazily({ tensors, pack }: WeightBinding, stored: readonly StoredTensor[]): ExternalData[] {
  return lazyParts(tensors.map(graphTensorBytes), () => pack(stored)).map((data, index) => ({ path: tensors[index]!.name, data }));
}

class CpuEngine<Tensor> implements GraphEngine {
  readonly info: SessionInfo;
  readonly masks = false;
  readonly #session: OrtSession<Tensor>;
  readonly #options: CpuEngineOptions<Tensor>;

  constructor(session: OrtSession<Tensor>, options: CpuEngineOptions<Tensor>, manifest: Manifest) {
    const isFloat = options.precision === "fp32" || isFloatModel(manifest);
    this.info = { ...options.info, precision: isFloat ? "fp32" : "int8 weights, int8 activations with one scale per token" };
    this.#session = session;
    this.#options = options;
  }

  async run({ feeds, outputs }: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    const { ort, info } = this.#options;
    // All heads are computed whatever is asked for, but what is not asked for is not copied out: a ColBERT head is some 0.3 % of the work.
    const names = selectedOutputs(outputs).filter((name) => this.#session.outputNames.includes(name));
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor("float32", data, dims)]));
    try {
      const results = await serially(() => this.#session.run(inputs, names));
      return Object.fromEntries(names.map((name) => [name, float32(results[name]?.data)]));
    } catch (error) {
      throw backendFailure("a run", error, { backend: info.backend });
    }
  }

  dispose(): Promise<void> {
    return serially(() => this.#session.release());
  }
}

function float32(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new BackendError("an output is not float32.");
}
