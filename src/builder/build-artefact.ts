/**
 * Turns a checkpoint into an artefact (docs/model-format.md): the encoder's tensors in shards, the word embeddings in pages, the heads in a shard of their
 * own, the vocabulary, and a manifest written last. Reads tensor by tensor and writes shard by shard, so a checkpoint may be larger than memory.
 */
import { throwIfAborted } from "#core/abort.ts";
import { encoderTensors } from "#core/encoder-tensors.ts";
import { InvalidCheckpointError } from "#core/errors.ts";
import { type FileEntry, MANIFEST_FORMAT, MANIFEST_VERSION, type Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import { sha256Hex } from "#core/sha256.ts";
import { parseArchitecture } from "./architecture.ts";
import { BuildJob, encodingFor, type TensorReport } from "./build-job.ts";
import { openEncoderTensors } from "./checkpoint.ts";
import { fingerprint } from "./fingerprint.ts";
import { formatManifest } from "./format-manifest.ts";
import { openHeads } from "./heads.ts";
import { type ModelSettings, resolveSettings } from "./model-settings.ts";
import type { ArtefactSink, CheckpointSource } from "./ports.ts";
import { readJson } from "./read-json.ts";
import { findMatrix } from "./source-matrix.ts";
import { readTokenizer, type TokenizerFile } from "./tokenizer-file.ts";

export type SelfTest = NonNullable<Manifest["selfTest"]>;

export interface BuildOptions {
  /** How matrices are stored: float32, float16, int8 per row, or 4-bit blocks. */
  readonly dtype: Manifest["dtype"];
  /** What m3.json and the defaults of the model's family would say otherwise. */
  readonly settings?: Partial<ModelSettings> | undefined;
  /** Name of the model when neither settings nor m3.json give one. Default "unnamed". */
  readonly defaultName?: string | undefined;
  /** A vocabulary file made before, instead of one made from the checkpoint's tokenizer.json. */
  readonly vocabulary?: Uint8Array<ArrayBuffer> | undefined;
  /** The known answers of the self-test, or how to find them once all shards are written: it gets the manifest without them. Default: no self-test. */
  readonly selfTest?: SelfTest | ((draft: Manifest) => Promise<SelfTest | null>) | undefined;
  /** Measure what rounding costs ({@link TensorReport.relativeError}). Default false. */
  readonly measure?: boolean | undefined;
  /** Reports bytes of the checkpoint's tensors, phase "build". */
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildResult {
  readonly manifest: Manifest;
  readonly quantised: readonly TensorReport[];
}

/**
 * @throws InvalidCheckpointError, UnsupportedModelError, the signal's reason, or what the source and the sink throw
 */
export async function buildArtefact(source: CheckpointSource, sink: ArtefactSink, options: BuildOptions): Promise<BuildResult> {
  const { signal } = options;
  const files = await source.list();
  if (!files.includes("config.json")) throw new InvalidCheckpointError("there is no config.json in its folder.", { files });
  const architecture = parseArchitecture(await readJson(source, "config.json", { signal }));
  const settings = await resolveSettings(source, architecture, options.settings ?? {}, options.defaultName ?? "unnamed", { signal });
  const tensors = await openEncoderTensors(source, { signal });
  const specifications = encoderTensors(architecture).map((tensor) => ({ tensor, matrix: findMatrix(tensors, tensor.name, tensor.shape) }));
  const heads = await openHeads(source, architecture.hiddenSize, { signal });
  const tokenizer = await tokenizerOf(source, architecture.vocabSize, options);

  const job = new BuildJob(sink, options, [...specifications.map(({ matrix }) => matrix), ...heads.tensors]);
  const [wordEmbeddings, ...backbone] = specifications;
  for (const { tensor, matrix } of backbone) await job.addTensor(matrix, encodingFor(tensor, options.dtype));
  await job.shards.flush();
  const pages = await job.addPages(wordEmbeddings!.matrix, encodingFor(wordEmbeddings!.tensor, options.dtype));
  for (const matrix of heads.tensors) await job.addTensor(matrix, { kind: "float" });
  await job.shards.flush();
  const draft = {
    format: MANIFEST_FORMAT,
    formatVersion: MANIFEST_VERSION,
    kind: "tensors",
    name: settings.name,
    license: settings.license,
    source: settings.source,
    dtype: options.dtype,
    architecture,
    heads: { dense: { pooling: settings.pooling }, lexical: heads.lexical, colbert: heads.colbert },
    maxTokens: settings.maxTokens,
    prompts: settings.prompts,
    shards: job.shards.files,
    tensors: job.shards.tensors(),
    encodings: job.encodings(),
    wordEmbeddings: pages,
    selfTest: null,
  } as const;
  return { manifest: await finishArtefact(sink, draft, tokenizer, options), quantised: job.reports };
}

/** The vocabulary that was given, or what the checkpoint has. */
export async function tokenizerOf(
  source: CheckpointSource,
  vocabSize: number,
  { vocabulary, signal }: Pick<BuildOptions, "vocabulary" | "signal">,
): Promise<TokenizerFile> {
  return vocabulary ? { kind: "xlm-roberta", bytes: vocabulary } : await readTokenizer(source, vocabSize, { signal });
}

/** Writes the tokenizer's file, then, when the known answers are found, the manifest. */
export async function finishArtefact(
  sink: ArtefactSink,
  draft: Omit<Manifest, "fingerprint" | "tokenizer">,
  { kind: tokenizerKind, bytes }: TokenizerFile,
  { selfTest, signal }: Pick<BuildOptions, "selfTest" | "signal">,
): Promise<Manifest> {
  const tokenizer = { kind: tokenizerKind, ...(await writeTokenizer(sink, bytes, tokenizerKind === "xlm-roberta" ? "vocab" : "json")) } as const;
  const { format, formatVersion, kind, name, license, source, dtype, onnx, architecture, heads, maxTokens, prompts, ...rest } = draft;
  // In the order of docs/model-format.md: the same checkpoint gives the same bytes.
  const described = { license, source, dtype, ...(onnx ? { onnx } : {}), architecture, heads, maxTokens, prompts, tokenizer, ...rest };
  const manifest = await withFingerprint({ format, formatVersion, kind, name, ...described });
  const answers = typeof selfTest === "function" ? await selfTest(manifest) : (selfTest ?? null);
  const finished = { ...manifest, selfTest: answers };
  throwIfAborted(signal);
  await sink.write("manifest.json", new TextEncoder().encode(formatManifest(finished)));
  return finished;
}

async function writeTokenizer(sink: ArtefactSink, bytes: Uint8Array<ArrayBuffer>, extension: string): Promise<FileEntry> {
  const sha256 = await sha256Hex(bytes);
  const file = `${sha256.slice(0, 16)}.${extension}`;
  await sink.write(file, bytes);
  return { file, bytes: bytes.length, sha256 };
}

async function withFingerprint({ format, formatVersion, kind, name, ...rest }: Omit<Manifest, "fingerprint">): Promise<Manifest> {
  const manifest = { format, formatVersion, kind, name, ...rest };
  return { format, formatVersion, kind, name, fingerprint: await fingerprint(manifest), ...rest };
}
