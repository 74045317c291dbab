/**
 * A folder with a published ONNX file to an artefact of kind `onnx`: the file and its external data go into shards as they are, so that they are downloaded,
 * verified and kept like any other model; heads that the graph has not are taken from sparse_linear.pt and colbert_linear.pt.
 */
import { throwIfAborted } from "#core/abort.ts";
import { InvalidCheckpointError } from "#core/errors.ts";
import { type Heads, MANIFEST_FORMAT, MANIFEST_VERSION, type Manifest } from "#core/manifest.ts";
import { parseArchitecture } from "./architecture.ts";
import { type BuildOptions, type BuildResult, finishArtefact } from "./build-artefact.ts";
import { encodeRows } from "./encode-rows.ts";
import { type CheckpointHeads, openHeads } from "./heads.ts";
import { resolveSettings } from "./model-settings.ts";
import { readOnnxInterface } from "./onnx-interface.ts";
import { findLayout, isDynamicInt8 } from "./onnx-layout.ts";
import type { ArtefactSink, CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { ShardWriter } from "./shard-writer.ts";
import { readVocabulary } from "./tokenizer-file.ts";

/** The ONNX files of a folder, but for tokenizers, which yuniko-software/bge-m3-onnx has as one. */
export function onnxFiles(files: readonly string[]): string[] {
  return files.filter((file) => file.endsWith(".onnx") && !/tokenizer/i.test(file)).sort();
}

/** Whether a folder has no weights but those of ONNX files. */
export function isOnnxFolder(files: readonly string[]): boolean {
  const hasWeights = files.some((file) => /^[^/]*\.safetensors$/.test(file) || /^pytorch_model[^/]*\.bin$/.test(file));
  return !hasWeights && onnxFiles(files).length > 0;
}

/** @param options as of buildArtefact; `dtype` and `measure` have no meaning @throws as buildArtefact */
export async function buildOnnxArtefact(source: CheckpointSource, sink: ArtefactSink, options: Omit<BuildOptions, "dtype">): Promise<BuildResult> {
  const { signal, onProgress } = options;
  const files = await source.list();
  const [file, ...others] = onnxFiles(files);
  if (file === undefined) throw new InvalidCheckpointError("there is no ONNX file in its folder.", { files });
  if (others.length > 0)
    throw new InvalidCheckpointError(`it holds several ONNX files: ${[file, ...others].join(", ")}. Leave one of them in the folder.`, { files });
  if (!files.includes("config.json")) throw new InvalidCheckpointError("there is no config.json in its folder.", { files });
  const architecture = parseArchitecture(await readJson(source, "config.json", { signal }));
  const settings = await resolveSettings(source, architecture, options.settings ?? {}, options.defaultName ?? "unnamed", { signal });
  const graph = await readOnnxInterface(source, file, { signal });
  const { inputs, outputs, colbertDim } = findLayout(graph, file);
  const heads = await openHeads(source, architecture.hiddenSize, { signal });
  const vocabulary = options.vocabulary ?? (await readVocabulary(source, architecture.vocabSize, { signal }));
  const used = usedHeads(heads, outputs, colbertDim ?? architecture.hiddenSize);

  const shards = new ShardWriter(sink);
  const names = [file, ...files.filter((name) => name === `${file}_data` || name === `${file}.data`)];
  const total = (await Promise.all(names.map((name) => source.size(name)))).reduce((sum, size) => sum + size, 0);
  let loaded = 0;
  for (const name of names) {
    await shards.addFile(baseName(name), await source.size(name), async (offset, length) => {
      throwIfAborted(signal);
      const bytes = await source.read(name, offset, length, { signal });
      loaded += length;
      onProgress?.({ phase: "build", loaded, total, unit: "bytes", file: name });
      return bytes;
    });
  }
  await shards.flush();
  for (const matrix of used.tensors) {
    for (const tensor of await encodeRows(matrix, 0, matrix.shape[0]!, { kind: "float" }, undefined, { signal })) await shards.add(tensor);
  }
  await shards.flush();

  const [model, ...externalData] = names.map(baseName);
  const draft: Omit<Manifest, "fingerprint" | "tokenizer"> = {
    format: MANIFEST_FORMAT,
    formatVersion: MANIFEST_VERSION,
    kind: "onnx",
    name: settings.name,
    license: settings.license,
    source: settings.source,
    dtype: isDynamicInt8(graph) ? "q8" : "fp32",
    onnx: { file: model!, externalData, inputs, outputs },
    architecture,
    heads: { dense: { pooling: settings.pooling }, lexical: used.lexical, colbert: used.colbert },
    maxTokens: settings.maxTokens,
    prompts: settings.prompts,
    shards: shards.files,
    tensors: shards.tensors(),
    encodings: {},
    wordEmbeddings: { encoding: { kind: "float" }, rowsPerPage: architecture.vocabSize, dataOffset: 0, shards: [] },
    selfTest: null,
  };
  return { manifest: await finishArtefact(sink, draft, vocabulary, options), quantised: [] };
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

/** Under which a graph names its external data: they lie beside it. */
function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
