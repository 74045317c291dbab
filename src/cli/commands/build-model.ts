/** The command `build-model`, without its command line: a checkpoint folder in, an artefact folder out, all or nothing. */
import path from "node:path";
import { buildArtefact, type SelfTest } from "#builder/build-artefact.ts";
import type { TensorReport } from "#builder/build-job.ts";
import { buildOnnxArtefact, isOnnxFolder, onnxFiles } from "#builder/build-onnx-artefact.ts";
import { openCheckpointModel } from "#builder/checkpoint-model.ts";
import type { ModelSettings } from "#builder/model-settings.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { KnownAnswer, Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { PublishedModel } from "#core/published-models.ts";
import { createArtefactFolder } from "../artefact-folder.ts";
import { openCheckpointFolder } from "../checkpoint-folder.ts";
import { fileModel, openFileModel } from "../file-model.ts";
import { recognisePublished } from "../recognise-published.ts";
import { formatQuality, type QualityReport } from "./build-report/build-report.ts";

const DTYPES: readonly Manifest["dtype"][] = ["fp32", "fp16", "q8", "q4"];

/** A short text and one of some 40 tokens: graphs take other paths below 32 tokens. */
const SELF_TEST_TEXTS: readonly SelfTestText[] = [
  { kind: "query", text: "What is BGE M3?" },
  { kind: "passage", text: "BM25 is a bag-of-words retrieval function that ranks a set of documents based on the query terms appearing in each document" },
];

/** 8-bit activations leave 0.998 and more of a dense vector's direction; a broken kernel leaves far less. */
const MIN_COSINE = 0.99;

/** Decimals of the vectors in the manifest: far finer than {@link MIN_COSINE} needs. */
const DECIMALS = 6;

export interface SelfTestText {
  readonly kind: KnownAnswer["kind"];
  readonly text: string;
}

/** Runs a model in float32: gives ids (prompt and special tokens included) and the unit dense vector of each text. */
export type Embed = (model: LoadedModel, texts: readonly SelfTestText[]) => Promise<readonly KnownAnswer[]>;

export interface BuildModelOptions {
  /** Folder with config.json, weights, tokenizer.json, and heads if it has them. */
  readonly checkpoint: string;
  /** Folder to write: new, empty, or an artefact, which is replaced. */
  readonly out: string;
  readonly dtype: Manifest["dtype"];
  /** Which ONNX file of the folder is taken. Default: the only one. */
  readonly onnxFile?: string | undefined;
  /** Goes before the checkpoint's m3.json. */
  readonly settings?: Partial<ModelSettings> | undefined;
  /** Measure what rounding costs each matrix. Default false. */
  readonly report?: boolean | undefined;
  /** Compares the finished artefact with its checkpoint on real texts. Default: it is not compared. */
  readonly quality?: ((checkpoint: LoadedModel, artefact: LoadedModel) => Promise<QualityReport>) | undefined;
  /** Finds the known answers of the self-test. Without it the artefact has no self-test. */
  readonly embed?: Embed | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildModelResult {
  readonly out: string;
  readonly manifest: Manifest;
  /** Bytes of all files but manifest.json. */
  readonly bytes: number;
  /** Each matrix that is not float32. */
  readonly quantised: readonly TensorReport[];
  /** The published ONNX repository that the folder is of; null for one that is not known, and for checkpoints of weights. */
  readonly published: PublishedModel | null;
  /** Null when it was not asked for. */
  readonly quality: QualityReport | null;
}

/** @throws InvalidInputError, InvalidCheckpointError, UnsupportedModelError, the signal's reason; then nothing is written */
export async function buildModel(given: BuildModelOptions): Promise<BuildModelResult> {
  const { checkpoint, out, dtype, onnxFile, report, embed, quality, onProgress, signal } = given;
  if (!DTYPES.includes(dtype)) throw new InvalidInputError("dtype", `one of ${DTYPES.join(", ")}`, dtype);
  signal?.throwIfAborted();
  const source = await openCheckpointFolder(checkpoint);
  const folder = await createArtefactFolder(out);
  try {
    const files = await source.list();
    const isOnnx = onnxFile !== undefined || isOnnxFolder(files);
    const graph = isOnnx ? (onnxFile ?? onnxFiles(files)[0]) : undefined;
    const published = graph !== undefined && files.includes(graph) ? await recognisePublished(source, graph, { signal }) : null;
    const options = {
      settings: { ...(published ? { source: `${published.repository} at ${published.revision}`, license: published.license } : {}), ...given.settings },
      defaultName: path.basename(path.resolve(checkpoint)),
      measure: report,
      selfTest: embed && ((draft: Manifest) => findAnswers(fileModel(folder.temporary, draft), embed)),
      onProgress,
      signal,
    };
    const { manifest, quantised } = isOnnx
      ? await buildOnnxArtefact(source, folder, { ...options, file: onnxFile })
      : await buildArtefact(source, folder, { dtype, ...options });
    const artefact = await openFileModel(folder.temporary);
    const found = quality && !isOnnx ? await quality(await openCheckpointModel(source, artefact, { signal }), artefact) : null;
    await folder.publish();
    return { out, manifest, quantised, published, quality: found, bytes: manifest.shards.reduce((sum, { bytes }) => sum + bytes, manifest.tokenizer.bytes) };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}

async function findAnswers(model: LoadedModel, embed: Embed): Promise<SelfTest> {
  const answers = await embed(model, SELF_TEST_TEXTS);
  return { minCosine: MIN_COSINE, answers: answers.map((answer) => ({ ...answer, dense: answer.dense.map((value) => Number(value.toFixed(DECIMALS))) })) };
}

/** The report as text: one line per matrix with its relative error, the mean of each encoding, and the heads on real texts. */
export function formatBuildReport({ quantised, quality }: BuildModelResult): string {
  const percent = (error: number | null) => (error === null ? "not measured" : `${(100 * error).toFixed(3)} %`);
  const lines = quantised.map(
    ({ tensor, encoding, shape, relativeError }) => `${encoding.padEnd(8)}${percent(relativeError).padStart(12)}  ${tensor} [${shape.join(", ")}]`,
  );
  const means = [...new Set(quantised.map(({ encoding }) => encoding))].map((encoding) => {
    const errors = quantised.filter((entry) => entry.encoding === encoding && entry.relativeError !== null).map(({ relativeError }) => relativeError!);
    const mean = errors.length === 0 ? null : errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return `${encoding.padEnd(8)}${percent(mean).padStart(12)}  mean of ${quantised.filter((entry) => entry.encoding === encoding).length} matrices`;
  });
  return [...lines, ...means, ...(quality ? [formatQuality(quality)] : [])].join("\n");
}
