/**
 * The graph engine for a published ONNX file, on ONNX Runtime's CPU provider: token ids in by the names that its manifest tells, outputs out, and the heads that
 * the file has not by a small graph of ours on its hidden states. Texts of a run have one length, so that every mask is ones.
 */
import { throwIfAborted } from "#core/abort.ts";
import { BackendError, InvalidManifestError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { Manifest, OnnxModel } from "#core/manifest.ts";
import type { SessionInfo } from "#core/session.ts";
import { backendFailure } from "./backend-failure.ts";
import { cpuBatchMemory } from "./batch-memory.ts";
import type { CpuEngineOptions } from "./cpu-options.ts";
import { openCpuSession } from "./cpu-session.ts";
import { buildEncoderGraph } from "./encoder-graph.ts";
import { type Feed, type GraphEngine, type GraphRun, type OutputName, selectedOutputs } from "./graph-session.ts";
import type { OrtSession } from "./ort-api.ts";
import { serially } from "./serial.ts";

/** @throws InvalidManifestError when the file has other inputs or outputs than the manifest says; BackendError; what reading a tensor throws */
export async function openOnnxEngine<Tensor>(model: LoadedModel, onnx: OnnxModel, options: CpuEngineOptions<Tensor>): Promise<GraphEngine> {
  const { ort, info, signal, onProgress } = options;
  const names = [onnx.file, ...onnx.externalData];
  const files: Uint8Array[] = [];
  for (const [index, name] of names.entries()) {
    throwIfAborted(signal);
    files.push((await model.tensors.read(name, { signal })).bytes);
    onProgress?.({ phase: "prepare", loaded: index + 1, total: names.length, unit: "steps", file: name });
  }
  const [proto, ...externalData] = files;
  const create = () =>
    ort.InferenceSession.create(proto!, {
      executionProviders: [info.backend === "wasm" ? "wasm" : "cpu"],
      // A published graph may not be fused yet.
      graphOptimizationLevel: "all",
      externalData: externalData.map((data, index) => ({ path: onnx.externalData[index]!, data })),
      ...(info.backend === "native" ? { intraOpNumThreads: info.threads } : {}),
    });
  const session = await serially(create).catch((error: unknown) => {
    throw backendFailure("creating the session", error, { backend: info.backend });
  });
  try {
    checkNames(session, onnx);
    const heads = await openHeads(model, onnx, options);
    return new OnnxEngine(session, heads, onnx, model.manifest, options);
  } catch (error) {
    await serially(() => session.release());
    throw error;
  }
}

function checkNames({ inputNames, outputNames }: Pick<OrtSession<unknown>, "inputNames" | "outputNames">, { inputs, outputs, file }: OnnxModel): void {
  const known: (string | null)[] = Object.values(inputs);
  const strange = inputNames.find((name) => !known.includes(name));
  if (strange !== undefined) throw new InvalidManifestError(`${file} has an input "${strange}" that it does not tell.`, { file, input: strange });
  const missing = [
    ...Object.values(inputs).filter((name) => name !== null && !inputNames.includes(name)),
    ...Object.values(outputs).filter((name) => name !== null && !outputNames.includes(name)),
  ];
  if (missing.length > 0) throw new InvalidManifestError(`${file} has no "${missing.join('", "')}".`, { file, missing });
}

/** A graph of no layers: pooling and heads on hidden states. Null when the file gives all itself. */
async function openHeads<Tensor>(model: LoadedModel, { outputs }: OnnxModel, options: CpuEngineOptions<Tensor>): Promise<OrtSession<Tensor> | null> {
  const { heads, architecture } = model.manifest;
  const wanted = {
    dense: outputs.dense === null,
    lexical: outputs.lexical === null && heads.lexical !== null,
    colbert: outputs.colbert === null && heads.colbert !== null,
  };
  if (!wanted.dense && !wanted.lexical && !wanted.colbert) return null;
  const none = { first: architecture.numHiddenLayers, end: architecture.numHiddenLayers };
  const graph = buildEncoderGraph(model.manifest, { kernels: "cpu", precision: "fp32", outputs: wanted, layers: none });
  return openCpuSession(model, { ...graph, before: 0 }, graph.weights.length, { ...options, onProgress: undefined });
}

class OnnxEngine<Tensor> implements GraphEngine {
  readonly info: SessionInfo;
  readonly masks = false;
  readonly #session: OrtSession<Tensor>;
  readonly #heads: OrtSession<Tensor> | null;
  readonly #onnx: OnnxModel;
  readonly #manifest: Manifest;
  readonly #options: CpuEngineOptions<Tensor>;

  constructor(session: OrtSession<Tensor>, heads: OrtSession<Tensor> | null, onnx: OnnxModel, manifest: Manifest, options: CpuEngineOptions<Tensor>) {
    const batch = { ...options.info.batch, memory: cpuBatchMemory(manifest.architecture) };
    this.info = { ...options.info, batch, precision: `as ${onnx.file} has it` };
    this.#session = session;
    this.#heads = heads;
    this.#onnx = onnx;
    this.#manifest = manifest;
    this.#options = options;
  }

  async run({ feeds, outputs }: GraphRun): Promise<Partial<Record<OutputName, Float32Array>>> {
    const { dense, lexical, colbert, hidden } = this.#onnx.outputs;
    const own = { pooled: dense, lexical, colbert, hidden };
    const wanted = selectedOutputs(outputs);
    const fromHeads = wanted.filter((name) => this.#heads?.outputNames.includes(name));
    const asked = wanted.flatMap((name) => own[name] ?? []);
    const [texts, tokens] = feeds.rows!.dims as [number, number];
    try {
      const names = new Set(fromHeads.length > 0 ? [...asked, hidden!] : asked);
      const results = await serially(() => this.#session.run(this.#inputs(feeds.rows!), [...names]));
      const found: Partial<Record<OutputName, Float32Array>> = {};
      for (const name of wanted) if (own[name] !== null && !fromHeads.includes(name)) found[name] = float32(results[own[name]]?.data);
      if (found.colbert) found.colbert = withFirstRow(found.colbert, texts, tokens, this.#manifest.heads.colbert!.dim);
      if (fromHeads.length === 0) return found;
      const states = {
        rows: new this.#options.ort.Tensor("float32", float32(results[hidden!]?.data), [texts, tokens, this.#manifest.architecture.hiddenSize]),
      };
      const made = await serially(() => this.#heads!.run(states, fromHeads));
      for (const name of fromHeads) found[name] = float32(made[name]?.data);
      return found;
    } catch (error) {
      throw backendFailure("a run", error, { backend: this.info.backend });
    }
  }

  async dispose(): Promise<void> {
    await serially(() => this.#session.release());
    if (this.#heads) await serially(() => this.#heads!.release());
  }

  #inputs({ data, dims: [texts, tokens] }: Feed): Record<string, Tensor> {
    const { ids, mask, types } = this.#onnx.inputs;
    const tensor = (values: BigInt64Array) => new this.#options.ort.Tensor("int64", values, [texts!, tokens!]);
    const inputs = { [ids]: tensor(BigInt64Array.from(data, BigInt)) };
    if (mask !== null) inputs[mask] = tensor(new BigInt64Array(data.length).fill(1n));
    if (types !== null) inputs[types] = tensor(new BigInt64Array(data.length));
    return inputs;
  }
}

/** FlagEmbedding has no ColBERT vector for `<s>`, and so have most exports: its row is put back as zeros, for nobody to read. */
function withFirstRow(rows: Float32Array, texts: number, tokens: number, dim: number): Float32Array {
  if (rows.length !== texts * (tokens - 1) * dim) return rows;
  const whole = new Float32Array(texts * tokens * dim);
  const width = (tokens - 1) * dim;
  for (let text = 0; text < texts; text++) whole.set(rows.subarray(text * width, (text + 1) * width), text * tokens * dim + dim);
  return whole;
}

function float32(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new BackendError("an output is not float32.");
}
