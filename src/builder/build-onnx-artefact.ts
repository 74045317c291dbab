/**
 * A folder with a published ONNX file to an artefact of kind `onnx`: the file and its external data go into shards as they are, so that they are downloaded,
 * verified and kept like any other model; heads that the graph has not are taken from sparse_linear.pt and colbert_linear.pt.
 */
import { throwIfAborted } from "#core/abort.ts";
import { InvalidCheckpointError } from "#core/errors.ts";
import { type Architecture, type Heads, MANIFEST_FORMAT, MANIFEST_VERSION, type Manifest, type OnnxModel } from "#core/manifest.ts";
import { parseArchitecture } from "./architecture.ts";
import { type BuildOptions, type BuildResult, finishArtefact, tokenizerOf } from "./build-artefact.ts";
import { encodeRows } from "./encode-rows.ts";
import { type CheckpointHeads, openHeads } from "./heads.ts";
import { type ModelSettings, resolveSettings } from "./model-settings.ts";
import { readOnnxInterface } from "./onnx-interface.ts";
import { findLayout, isDynamicInt8 } from "./onnx-layout.ts";
import type { ArtefactSink, CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { ShardWriter } from "./shard-writer.ts";
import type { TokenizerFile } from "./tokenizer-file.ts";

/** The ONNX files of a folder, but for tokenizers, which yuniko-software/bge-m3-onnx has as one. */
export function onnxFiles(files: readonly string[]): string[] {
  return files.filter((file) => file.endsWith(".onnx") && !/tokenizer/i.test(file)).sort();
}

/** Whether a folder has no weights but those of ONNX files. */
export function isOnnxFolder(files: readonly string[]): boolean {
  const hasWeights = files.some((file) => /^[^/]*\.safetensors$/.test(file) || /^pytorch_model[^/]*\.bin$/.test(file));
  return !hasWeights && onnxFiles(files).length > 0;
}

/** What of `BuildOptions` has a meaning here, and which file is taken where there are several. */
export interface OnnxBuildOptions extends Omit<BuildOptions, "dtype" | "measure"> {
  /** Path of the ONNX file. Default: the only one. */
  readonly file?: string | undefined;
}

/** A folder with a published ONNX file, before anything of its weights is read. */
export interface OnnxFolder {
  /** Paths in the folder of the ONNX file and of its external data. */
  readonly paths: readonly string[];
  readonly onnx: OnnxModel;
  readonly dtype: Manifest["dtype"];
  readonly architecture: Architecture;
  readonly settings: ModelSettings;
  readonly heads: CheckpointHeads;
  readonly tokenizer: TokenizerFile;
}

/** @throws InvalidCheckpointError, UnsupportedModelError, the signal's reason */
export async function readOnnxFolder(source: CheckpointSource, options: OnnxBuildOptions): Promise<OnnxFolder> {
  const { signal } = options;
  const files = await source.list();
  const file = chooseFile(files, options.file);
  if (!files.includes("config.json")) throw new InvalidCheckpointError("there is no config.json in its folder.", { files });
  const architecture = parseArchitecture(await readJson(source, "config.json", { signal }));
  const settings = await resolveSettings(source, architecture, options.settings ?? {}, options.defaultName ?? "unnamed", { signal });
  const graph = await readOnnxInterface(source, file, { signal });
  const { inputs, outputs, colbertDim } = findLayout(graph, file);
  const heads = await openHeads(source, architecture.hiddenSize, { signal });
  const tokenizer = await tokenizerOf(source, architecture.vocabSize, options);
  const beside = graph.externalData.map((location) => pathOf(location, file, files));
  return {
    paths: [file, ...beside],
    onnx: { file: baseName(file), externalData: graph.externalData, inputs, outputs },
    dtype: isDynamicInt8(graph) ? "q8" : "fp32",
    architecture,
    settings,
    heads: usedHeads(heads, outputs, colbertDim ?? architecture.hiddenSize),
    tokenizer,
  };
}

/** @param options as of buildArtefact @throws as buildArtefact */
export async function buildOnnxArtefact(source: CheckpointSource, sink: ArtefactSink, options: OnnxBuildOptions): Promise<BuildResult> {
  const folder = await readOnnxFolder(source, options);
  return { manifest: await writeOnnxFolder(source, sink, folder, options), quantised: [] };
}

/** Cuts the files into shards, and writes the rest of the artefact. */
export async function writeOnnxFolder(source: CheckpointSource, sink: ArtefactSink, folder: OnnxFolder, options: OnnxBuildOptions): Promise<Manifest> {
  const { signal, onProgress } = options;
  const { paths, onnx, dtype, architecture, settings, heads, tokenizer } = folder;
  const shards = new ShardWriter(sink);
  const total = (await Promise.all(paths.map((name) => source.size(name)))).reduce((sum, size) => sum + size, 0);
  let loaded = 0;
  for (const [index, path] of paths.entries()) {
    const name = index === 0 ? onnx.file : onnx.externalData[index - 1]!;
    await shards.addFile(name, await source.size(path), async (offset, length) => {
      throwIfAborted(signal);
      const bytes = await source.read(path, offset, length, { signal });
      loaded += length;
      onProgress?.({ phase: "build", loaded, total, unit: "bytes", file: path });
      return bytes;
    });
  }
  await shards.flush();
  for (const matrix of heads.tensors) {
    for (const tensor of await encodeRows(matrix, 0, matrix.shape[0]!, { kind: "float" }, undefined, { signal })) await shards.add(tensor);
  }
  await shards.flush();
  const draft: Omit<Manifest, "fingerprint" | "tokenizer"> = {
    format: MANIFEST_FORMAT,
    formatVersion: MANIFEST_VERSION,
    kind: "onnx",
    name: settings.name,
    license: settings.license,
    source: settings.source,
    dtype,
    onnx,
    architecture,
    heads: { dense: { pooling: settings.pooling }, lexical: heads.lexical, colbert: heads.colbert },
    maxTokens: settings.maxTokens,
    prompts: settings.prompts,
    shards: shards.files,
    tensors: shards.tensors(),
    encodings: {},
    wordEmbeddings: { encoding: { kind: "float" }, rowsPerPage: architecture.vocabSize, dataOffset: 0, shards: [] },
    selfTest: null,
  };
  return await finishArtefact(sink, draft, tokenizer, options);
}

function chooseFile(files: readonly string[], wanted: string | undefined): string {
  const [file, ...others] = onnxFiles(files);
  if (wanted !== undefined) {
    if (files.includes(wanted)) return wanted;
    throw new InvalidCheckpointError(`there is no ${wanted} in its folder.`, { files });
  }
  if (file === undefined) throw new InvalidCheckpointError("there is no ONNX file in its folder.", { files });
  if (others.length === 0) return file;
  throw new InvalidCheckpointError(
    `it holds several ONNX files: ${[file, ...others].join(", ")}. Leave one of them in the folder, or name one (--onnx-file).`,
    {
      files,
    },
  );
}

/** Where a file lies that a graph names: beside it, never above. */
function pathOf(location: string, file: string, files: readonly string[]): string {
  const path = file.slice(0, file.length - baseName(file).length) + location.replace(/^\.\//, "");
  if (files.includes(path)) return path;
  throw new InvalidCheckpointError(`${file} keeps weights in "${location}", which is not in its folder. Download that file too.`, { file, missing: location });
}

/** Heads of the graph's own go before those of .pt files, which need its hidden states. */
function usedHeads(found: CheckpointHeads, { lexical, colbert, hidden }: NonNullable<Manifest["onnx"]>["outputs"], colbertDim: number): CheckpointHeads {
  const canMake = hidden !== null;
  const heads: Pick<Heads, "lexical" | "colbert"> = {
    lexical: lexical !== null ? { layers: [] } : canMake ? found.lexical : null,
    colbert: colbert !== null ? { layers: [], dim: colbertDim } : canMake ? found.colbert : null,
  };
  const layers = [...(heads.lexical?.layers ?? []), ...(heads.colbert?.layers ?? [])].map(({ tensor }) => tensor);
  return { ...heads, tensors: found.tensors.filter(({ name }) => layers.some((layer) => name.startsWith(`${layer}.`))) };
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
