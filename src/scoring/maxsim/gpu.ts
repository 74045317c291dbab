/**
 * MaxSim on a GPU device that the caller owns (the encoder's own, so that nothing has two of them). The shader is in wgsl.ts.
 *
 * Documents stay on the device until they are disposed of; a query and its scores go there and back. Documents that do not fit in one binding are split.
 */
import type { TokenVectors } from "#core/embedding.ts";
import { BackendError, DisposedError, InvalidInputError } from "#core/errors.ts";
import { paddedDim } from "../quantize/padding.ts";
import type { LoadedDocuments, MaxsimBackend } from "./backend.ts";
import { BIT_FACTOR_UNIT, INT8_FACTOR_UNIT, type TokenMatrix } from "./token-matrix.ts";
import { maxsimShader, QUERY_TILE } from "./wgsl.ts";

/** GPUBufferUsage and GPUMapMode: the standard's numbers, because TypeScript's worker library has the interfaces of WebGPU without these two names. */
const MAP_READ = 0x01;
const COPY_SRC = 0x04;
const COPY_DST = 0x08;
const UNIFORM = 0x40;
const STORAGE = 0x80;

export class GpuMaxsim implements MaxsimBackend {
  readonly name = "webgpu";
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<TokenMatrix["kind"], GPUComputePipeline>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  load(matrix: TokenMatrix): LoadedDocuments {
    const parts = splitDocuments(matrix, this.#device.limits.maxStorageBufferBindingSize).map((part) => new LoadedPart(this.#device, part));
    const { dim, kind, counts } = matrix;
    const centre = kind === "bits" ? matrix.centre : null;
    let disposed = false;
    return {
      documents: counts.length,
      score: async (query) => {
        if (disposed) throw new DisposedError("set of documents");
        if (query.dim !== dim) throw new InvalidInputError("query.dim", `${dim}, as the documents'`, query.dim);
        const scores = new Float32Array(counts.length);
        if (query.tokens === 0) return scores;
        const pipeline = this.#pipeline(kind);
        let document = 0;
        for (const part of parts) {
          scores.set(await part.score(pipeline, query), document);
          document += part.documents;
        }
        if (centre) addShift(scores, counts, query, centre);
        return scores;
      },
      dispose: () => {
        disposed = true;
        for (const part of parts) part.dispose();
      },
    };
  }

  #pipeline(kind: TokenMatrix["kind"]): GPUComputePipeline {
    const made = this.#pipelines.get(kind);
    if (made) return made;
    const module = this.#device.createShaderModule({ label: `maxsim ${kind}`, code: maxsimShader(kind) });
    const pipeline = this.#device.createComputePipeline({ label: `maxsim ${kind}`, layout: "auto", compute: { module, entryPoint: "maxsim" } });
    this.#pipelines.set(kind, pipeline);
    return pipeline;
  }
}

/** Consecutive documents as the shader takes them. */
interface Part {
  readonly dim: number;
  readonly rowWords: number;
  readonly documents: number;
  readonly vectors: Uint32Array<ArrayBuffer>;
  readonly factors: Float32Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** Numbers of a row on the device: bits fill words of 32. */
function deviceDim(matrix: TokenMatrix): number {
  return matrix.kind === "bits" ? Math.ceil(matrix.dim / 32) * 32 : paddedDim(matrix.dim);
}

function splitDocuments(matrix: TokenMatrix, mostBytes: number): Part[] {
  const width = deviceDim(matrix);
  const rowWords = matrix.kind === "float32" ? width : matrix.kind === "int8" ? width / 4 : width / 32;
  // Factors of tiny rows can be the larger buffer.
  const mostTokens = Math.floor(mostBytes / 4 / Math.max(rowWords, 1));
  const parts: Part[] = [];
  const { counts } = matrix;
  let firstDocument = 0;
  let firstToken = 0;
  while (firstDocument < counts.length) {
    const starts = [0];
    let endDocument = firstDocument;
    while (endDocument < counts.length && starts.at(-1)! + counts[endDocument]! <= mostTokens) starts.push(starts.at(-1)! + counts[endDocument++]!);
    if (endDocument === firstDocument)
      throw new InvalidInputError(`documents[${firstDocument}]`, `at most ${mostTokens} tokens on this GPU`, counts[firstDocument]);
    const tokens = starts.at(-1)!;
    parts.push({
      dim: width,
      rowWords,
      documents: endDocument - firstDocument,
      vectors: rowsOf(matrix, firstToken, tokens, rowWords),
      factors: factorsOf(matrix, firstToken, tokens),
      starts: Uint32Array.from(starts),
    });
    firstDocument = endDocument;
    firstToken += tokens;
  }
  return parts;
}

function rowsOf(matrix: TokenMatrix, firstToken: number, tokens: number, rowWords: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(tokens * rowWords);
  const target = new Uint8Array(words.buffer);
  const source = matrix.kind === "bits" ? matrix.bits : new Uint8Array(matrix.values.buffer, matrix.values.byteOffset, matrix.values.byteLength);
  const rowBytes = matrix.kind === "float32" ? matrix.dim * 4 : matrix.kind === "int8" ? paddedDim(matrix.dim) : paddedDim(matrix.dim) / 8;
  for (let token = 0; token < tokens; token++) {
    const from = (firstToken + token) * rowBytes;
    target.set(source.subarray(from, from + rowBytes), token * rowWords * 4);
  }
  return words;
}

function factorsOf(matrix: TokenMatrix, firstToken: number, tokens: number): Float32Array<ArrayBuffer> {
  if (matrix.kind === "float32") return new Float32Array(tokens).fill(1);
  // 127: the shader reads int8 as value / 127.
  const unit = matrix.kind === "int8" ? INT8_FACTOR_UNIT * 127 : BIT_FACTOR_UNIT;
  return Float32Array.from(matrix.factors.subarray(firstToken, firstToken + tokens), (factor) => factor * unit);
}

class LoadedPart {
  readonly documents: number;
  readonly #device: GPUDevice;
  readonly #dim: number;
  readonly #rowWords: number;
  readonly #fixed: { readonly vectors: GPUBuffer; readonly factors: GPUBuffer; readonly starts: GPUBuffer };

  constructor(device: GPUDevice, { dim, rowWords, documents, vectors, factors, starts }: Part) {
    this.#device = device;
    this.#dim = dim;
    this.#rowWords = rowWords;
    this.documents = documents;
    this.#fixed = {
      vectors: uploaded(device, "maxsim vectors", vectors),
      factors: uploaded(device, "maxsim factors", factors),
      starts: uploaded(device, "maxsim starts", starts),
    };
  }

  async score(pipeline: GPUComputePipeline, query: TokenVectors): Promise<Float32Array> {
    const device = this.#device;
    const queries = Math.ceil(query.tokens / QUERY_TILE) * QUERY_TILE;
    const across = Math.min(this.documents, device.limits.maxComputeWorkgroupsPerDimension);
    const bytes = this.documents * 4;
    const temporary = [
      uploaded(device, "maxsim shape", Uint32Array.of(this.documents, across, queries, this.#dim / 4, this.#rowWords), UNIFORM),
      uploaded(device, "maxsim query", paddedQuery(query, queries, this.#dim)),
      uploaded(
        device,
        "maxsim weights",
        Float32Array.from({ length: queries }, (_, token) => (token < query.tokens ? 1 / query.tokens : 0)),
      ),
      device.createBuffer({ label: "maxsim scores", size: bytes, usage: STORAGE | COPY_SRC }),
      device.createBuffer({ label: "maxsim scores, read back", size: bytes, usage: COPY_DST | MAP_READ }),
    ] as const;
    const [shape, queryBuffer, weights, scores, readBack] = temporary;
    try {
      const { vectors, factors, starts } = this.#fixed;
      const entries = [shape, queryBuffer, weights, vectors, factors, starts, scores].map((buffer, binding) => ({ binding, resource: { buffer } }));
      const encoder = device.createCommandEncoder({ label: "maxsim" });
      const pass = encoder.beginComputePass({ label: "maxsim" });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ label: "maxsim", layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(across, Math.ceil(this.documents / across));
      pass.end();
      encoder.copyBufferToBuffer(scores, 0, readBack, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await readBack.mapAsync(MAP_READ);
      return new Float32Array(readBack.getMappedRange().slice(0));
    } catch (cause) {
      throw new BackendError("the GPU did not score the documents.", { backend: "webgpu" }, { cause });
    } finally {
      for (const buffer of temporary) buffer.destroy();
    }
  }

  dispose(): void {
    for (const buffer of Object.values(this.#fixed)) buffer.destroy();
  }
}

function uploaded(device: GPUDevice, label: string, data: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>, usage = STORAGE): GPUBuffer {
  // A binding must not be empty.
  const buffer = device.createBuffer({ label, size: Math.max(data.byteLength, 4), usage: usage | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

function paddedQuery(query: TokenVectors, queries: number, dim: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(queries * dim);
  for (let token = 0; token < query.tokens; token++) rows.set(query.data.subarray(token * query.dim, (token + 1) * query.dim), token * dim);
  return rows;
}

/** Adds the mean over query tokens of their product with the centre. */
function addShift(scores: Float32Array, counts: Uint32Array, query: TokenVectors, centre: Float32Array): void {
  let shift = 0;
  for (let token = 0; token < query.tokens; token++)
    for (let index = 0; index < query.dim; index++) shift += query.data[token * query.dim + index]! * centre[index]!;
  for (const [document, count] of counts.entries()) if (count > 0) scores[document]! += shift / query.tokens;
}
