/** Rounding, packing and progress of one build: takes the tensors of a checkpoint one after another, and keeps what the manifest says of them. */
import { throwIfAborted } from "#core/abort.ts";
import type { EncoderTensor } from "#core/encoder-tensors.ts";
import type { Manifest, WeightEncoding } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import { writeSafetensors } from "#core/safetensors.ts";
import { encodedParts, WORD_EMBEDDINGS } from "#core/tensor-layout.ts";
import { encodeRows } from "./encode-rows.ts";
import type { ArtefactSink } from "./ports.ts";
import { BLOCK_SIZE } from "./quantise/blocks4.ts";
import { type RelativeError, relativeError } from "./quantise/relative-error.ts";
import { MAX_SHARD_BYTES, ShardWriter } from "./shard-writer.ts";
import type { SourceMatrix } from "./source-matrix.ts";

const ROWS_PER_PAGE = 1024;
/** The data of every page begins at a multiple of this, so at the same byte in each. */
const PAGE_ALIGNMENT = 256;

/** How one matrix was stored. */
export interface TensorReport {
  readonly tensor: string;
  readonly encoding: WeightEncoding["kind"];
  readonly shape: readonly number[];
  /** Root of squared rounding errors over squared values; 0 for blocks that went through unchanged, null when not measured. */
  readonly relativeError: number | null;
}

export interface BuildJobOptions {
  /** Measure what rounding costs. */
  readonly measure?: boolean | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class BuildJob {
  readonly shards: ShardWriter;
  readonly reports: TensorReport[] = [];
  private readonly options: BuildJobOptions;
  private readonly totalBytes: number;
  private doneBytes = 0;

  /** @param matrices all that will be added, for the total of the progress */
  constructor(sink: ArtefactSink, options: BuildJobOptions, matrices: readonly SourceMatrix[]) {
    this.shards = new ShardWriter(sink);
    this.options = options;
    this.totalBytes = matrices.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async addTensor(matrix: SourceMatrix, encoding: WeightEncoding): Promise<void> {
    const { signal } = this.options;
    throwIfAborted(signal);
    const error = this.startError();
    for (const tensor of await encodeRows(matrix, 0, matrix.shape[0]!, encoding, error, { signal })) await this.shards.add(tensor);
    this.finish(matrix, encoding, error, matrix.bytes);
  }

  /** Adds the word embeddings, a page at a time. */
  async addPages(matrix: SourceMatrix, encoding: WeightEncoding): Promise<Manifest["wordEmbeddings"]> {
    const { signal } = this.options;
    const rows = matrix.shape[0]!;
    const rowsPerPage = pageRowsFor(matrix, encoding);
    const error = this.startError();
    const shards: number[] = [];
    const starts = new Set<number>();
    for (let row = 0; row < rows; row += rowsPerPage) {
      throwIfAborted(signal);
      const count = Math.min(rowsPerPage, rows - row);
      const page = writeSafetensors(await encodeRows(matrix, row, count, encoding, error, { signal }), PAGE_ALIGNMENT);
      starts.add(page.offsets[0]!);
      shards.push(await this.shards.writeFile(page));
      if (row + count < rows) this.report(matrix, Math.round((matrix.bytes * (row + count)) / rows));
    }
    const [dataOffset] = starts;
    if (starts.size !== 1) throw new Error(`Pages begin at different bytes: ${[...starts]}.`);
    this.finish(matrix, encoding, error, matrix.bytes);
    return { encoding, rowsPerPage, dataOffset: dataOffset!, shards };
  }

  /** Encodings of the manifest: matrices that are not float, but for the word embeddings, which say it with their pages. */
  encodings(): Record<string, WeightEncoding> {
    const entries = this.reports.filter(({ tensor }) => tensor !== WORD_EMBEDDINGS).map(({ tensor, encoding }) => [tensor, encodingOf(encoding)] as const);
    return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  private startError(): RelativeError | undefined {
    return this.options.measure ? { squaredDifferences: 0, squaredValues: 0 } : undefined;
  }

  private finish(matrix: SourceMatrix, { kind }: WeightEncoding, error: RelativeError | undefined, bytes: number): void {
    if (kind !== "float") this.reports.push({ tensor: matrix.name, encoding: kind, shape: matrix.shape, relativeError: error ? relativeError(error) : null });
    this.report(matrix, bytes);
    this.doneBytes += bytes;
  }

  private report({ name }: SourceMatrix, bytes: number): void {
    this.options.onProgress?.({ phase: "build", loaded: this.doneBytes + bytes, total: this.totalBytes, unit: "bytes", file: name });
  }
}

/** A matrix whose rows are no multiple of a block is stored in 8 bits where 4 were asked for. */
export function encodingFor({ shape, quantisable }: EncoderTensor, dtype: Manifest["dtype"]): WeightEncoding {
  if (!quantisable || dtype === "fp32") return { kind: "float" };
  if (dtype === "fp16") return { kind: "float16" };
  return encodingOf(dtype === "q8" || shape[1]! % BLOCK_SIZE !== 0 ? "rows8" : "blocks4");
}

function encodingOf(kind: WeightEncoding["kind"]): WeightEncoding {
  return kind === "blocks4" ? { kind, blockSize: BLOCK_SIZE } : { kind };
}

function pageRowsFor(matrix: SourceMatrix, encoding: WeightEncoding): number {
  let rows = ROWS_PER_PAGE;
  const bytes = () => encodedParts(encoding, rows, matrix.shape[1]!).reduce((sum, part) => sum + part.bytes, 0);
  while (rows > 1 && bytes() > MAX_SHARD_BYTES / 2) rows /= 2;
  return rows;
}
