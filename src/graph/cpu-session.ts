/** One session of ONNX Runtime's CPU provider: a graph and its weights. */
import type { LoadedModel } from "#core/loaded-model.ts";
import type { StoredTensor } from "#core/tensor-source.ts";
import { backendFailure } from "./backend-failure.ts";
import type { CpuEngineOptions } from "./cpu-options.ts";
import type { EncoderGraph } from "./encoder-graph.ts";
import { lazyParts } from "./lazy-bytes.ts";
import type { OrtSession, OrtSessionOptions } from "./ort-api.ts";
import { prepareWeights } from "./prepare-weights.ts";
import { serially } from "./serial.ts";
import { graphTensorBytes, type WeightBinding } from "./weights/weight-binding.ts";

/** One of the graphs that make up an encoder. */
export interface CpuGraph extends EncoderGraph {
  /** Weights of the graphs before it. */
  readonly before: number;
}

/** @param total weights of all graphs, for the progress @throws BackendError; what reading a tensor throws; the signal's reason */
export async function openCpuSession<Tensor>(
  model: LoadedModel,
  { proto, weights, before }: CpuGraph,
  total: number,
  options: CpuEngineOptions<Tensor>,
): Promise<OrtSession<Tensor>> {
  const { ort, info } = options;
  const externalData: ExternalData[] = [];
  const read = info.backend === "wasm" ? lazily : atOnce;
  await prepareWeights(weights, model, (binding, stored) => externalData.push(...read(binding, stored)), options, { before, total });
  // The graph is fused already: what the higher levels of optimisation look for, they would not find.
  const create = () =>
    ort.InferenceSession.create(proto, {
      executionProviders: [info.backend === "wasm" ? "wasm" : "cpu"],
      graphOptimizationLevel: "basic",
      externalData,
      ...(info.backend === "native" ? { intraOpNumThreads: info.threads } : {}),
    });
  return serially(create).catch((error: unknown) => {
    throw backendFailure("creating the session", error, { backend: info.backend });
  });
}

type ExternalData = OrtSessionOptions["externalData"][number];

function atOnce({ tensors, pack }: WeightBinding, stored: readonly StoredTensor[]): ExternalData[] {
  return pack(stored).map((data, index) => ({ path: tensors[index]!.name, data }));
}

function lazily({ tensors, pack }: WeightBinding, stored: readonly StoredTensor[]): ExternalData[] {
  return lazyParts(tensors.map(graphTensorBytes), () => pack(stored)).map((data, index) => ({ path: tensors[index]!.name, data }));
}
