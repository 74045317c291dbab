/** The graph engine on ONNX Runtime's CPU provider, in WebAssembly and native alike: one session for each slice of layers, the last with every head. */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { SessionInfo } from "#core/session.ts";
import { backendFailure } from "./backend-failure.ts";
import { cpuBatchMemory } from "./batch-memory.ts";
import type { CpuEngineOptions } from "./cpu-options.ts";
import { type CpuGraph, openCpuSession } from "./cpu-session.ts";
import { buildEncoderGraph } from "./encoder-graph.ts";
import { type Feed, type GraphEngine, type GraphRun, type OutputName, selectedOutputs } from "./graph-session.ts";
import { layerSlices } from "./layer-slices.ts";
import type { OrtSession } from "./ort-api.ts";
import { saturates } from "./saturation.ts";
import { serially } from "./serial.ts";
import { isFloatModel } from "./target.ts";

/** After so long a run pauses between two slices, so that an abort can be heard. */
const MAX_DEAF_MS = 25;

/** @throws BackendError; what reading a tensor throws; the signal's reason */
export async function openCpuEngine<Tensor>(model: LoadedModel, options: CpuEngineOptions<Tensor>): Promise<GraphEngine> {
  const { ort, precision, info } = options;
  const { manifest } = model;
  const { lexical, colbert } = manifest.heads;
  const outputs = { dense: true, lexical: lexical !== null, colbert: colbert !== null, hidden: true };
  const unsignedWeights = info.backend === "native" && (await serially(() => saturates(ort)));
  const atATime = options.layersAtATime ?? (info.backend === "native" ? manifest.architecture.numHiddenLayers : undefined);
  const graphs: CpuGraph[] = [];
  for (const layers of layerSlices(manifest, atATime)) {
    const before = graphs.reduce((sum, { weights }) => sum + weights.length, 0);
    graphs.push({ ...buildEncoderGraph(manifest, { kernels: "cpu", precision, unsignedWeights, outputs, layers }), before });
  }
  const total = graphs.reduce((sum, { weights }) => sum + weights.length, 0);
  const isFloat = precision === "fp32" || isFloatModel(manifest);
  const batch = { ...info.batch, memory: cpuBatchMemory(manifest.architecture) };
  const described = { ...info, batch, precision: isFloat ? "fp32" : "int8 weights, int8 activations with one scale per token" };
  if (options.transient) {
    const quiet = { ...options, onProgress: undefined, signal: undefined };
    return new CpuEngine(
      graphs.map((graph) => () => openCpuSession(model, graph, total, quiet)),
      options,
      described,
    );
  }
  const sessions: OrtSession<Tensor>[] = [];
  try {
    for (const graph of graphs) sessions.push(await openCpuSession(model, graph, total, options));
  } catch (error) {
    await serially(async () => void (await Promise.all(sessions.map((session) => session.release()))));
    throw error;
  }
  return new CpuEngine(sessions, options, described);
}

/** A session, or how to open one for a single run. */
type Slice<Tensor> = OrtSession<Tensor> | (() => Promise<OrtSession<Tensor>>);

class CpuEngine<Tensor> implements GraphEngine {
  readonly info: SessionInfo;
  readonly masks = false;
  readonly #slices: readonly Slice<Tensor>[];
  readonly #options: CpuEngineOptions<Tensor>;

  constructor(slices: readonly Slice<Tensor>[], options: CpuEngineOptions<Tensor>, info: SessionInfo) {
    this.info = info;
    this.#slices = slices;
    this.#options = options;
  }

  async run({ feeds, outputs, signal, onProgress }: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    const names = selectedOutputs(outputs);
    const { length } = this.#slices;
    const firstRows = feeds.rows!;
    let rows = firstRows;
    let lastPause = performance.now();
    for (let slice = 0; slice < length - 1; slice++) {
      const { hidden } = await this.#runSlice(slice, { rows }, ["hidden"]);
      rows = { dims: rows.dims, data: hidden! };
      onProgress?.((slice + 1) / length);
      if (performance.now() - lastPause > MAX_DEAF_MS) {
        await nextMessageTurn();
        lastPause = performance.now();
      }
      throwIfAborted(signal);
    }
    // All heads are computed whatever is asked for, but what is not asked for is not copied out: a ColBERT head is some 0.3 % of the work.
    return this.#runSlice(length - 1, { rows, first_rows: firstRows }, names);
  }

  async dispose(): Promise<void> {
    for (const slice of this.#slices) if (typeof slice !== "function") await serially(() => slice.release());
  }

  async #runSlice(index: number, feeds: Readonly<Record<string, Feed>>, wanted: readonly string[]): Promise<Record<string, Float32Array>> {
    const { ort } = this.#options;
    const slice = this.#slices[index]!;
    const session = typeof slice === "function" ? await slice() : slice;
    try {
      const names = wanted.filter((name) => session.outputNames.includes(name));
      const given = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
      const inputs = Object.fromEntries(given.map(([name, { data, dims }]) => [name, new ort.Tensor("float32", data, dims)]));
      const results = await serially(() => session.run(inputs, names));
      return Object.fromEntries(names.map((name) => [name, float32(results[name]?.data)]));
    } catch (error) {
      throw backendFailure("a run", error, { backend: this.info.backend });
    } finally {
      if (typeof slice === "function") await serially(() => session.release());
    }
  }
}

function float32(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new BackendError("an output is not float32.");
}
