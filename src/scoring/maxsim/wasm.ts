/** MaxSim on the WASM kernels: puts query and documents where the kernels can reach them. */
import type { TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { Kernels } from "../kernels/instance.ts";
import { queryTables } from "../quantize/bits.ts";
import { quantizeQuery } from "../quantize/int8.ts";
import { paddedDim } from "../quantize/padding.ts";
import type { LoadedDocuments, MaxsimBackend } from "./backend.ts";
import { BIT_FACTOR_UNIT, INT8_FACTOR_UNIT, type TokenMatrix } from "./token-matrix.ts";

/** The kernels' sums hold this many dimensions. */
const MOST_DIMENSIONS = 4096;

/** Documents as the kernels take them: three u32 a document, [address of factors, address of vectors, tokens]. */
export interface DocumentTable {
  readonly kind: TokenMatrix["kind"];
  readonly dim: number;
  readonly address: number;
  readonly documents: number;
  /** Subtracted from the vectors before they became bits. */
  readonly centre: Float32Array | null;
}

/** Scores the documents of a table. @throws InvalidInputError when the query has another width */
export function scoreTable(kernels: Kernels, query: TokenVectors, table: DocumentTable): Float32Array {
  const { dim, documents } = table;
  if (query.dim !== dim) throw new InvalidInputError("query.dim", `${dim}, as the documents'`, query.dim);
  if (query.tokens === 0 || documents === 0) return new Float32Array(documents);
  // The kernels take two query tokens at a time: the last of an odd number is repeated with weight 0.
  const queries = query.tokens + (query.tokens & 1);
  const taken: number[] = [];
  const take = (bytes: number) => {
    const address = kernels.allocate(bytes);
    taken.push(address);
    return address;
  };
  try {
    const scores = take(documents * 4);
    const scratch = take(scratchBytes(table.kind, dim, queries));
    const arguments_ = [queries, table.kind === "float32" ? floatDim(dim) : paddedDim(dim), table.address, documents, scratch, scores] as const;
    let shift = 0;
    if (table.kind === "bits") {
      shift = centreShift(query, table.centre);
      kernels.functions.maxsimBits(...putTables(kernels, query, queries, take), ...arguments_);
    } else if (table.kind === "int8") {
      kernels.functions.maxsimInt8(...putInt16(kernels, query, queries, take), ...arguments_);
    } else {
      kernels.functions.maxsimFloat(...putFloats(kernels, query, queries, take), ...arguments_);
    }
    const result = kernels.float32(scores, documents).slice();
    if (shift !== 0) {
      const rows = kernels.uint32(table.address, documents * 3);
      for (let document = 0; document < documents; document++) if (rows[document * 3 + 2]! > 0) result[document]! += shift;
    }
    return result;
  } finally {
    for (const address of taken) kernels.free(address);
  }
}

type Take = (bytes: number) => number;

function vectorOf(query: TokenVectors, token: number): Float32Array {
  const row = Math.min(token, query.tokens - 1);
  return query.data.subarray(row * query.dim, (row + 1) * query.dim);
}

function putFloats(kernels: Kernels, query: TokenVectors, queries: number, take: Take): [number, number] {
  const stride = floatDim(query.dim);
  const [values, scales] = [take(queries * stride * 4), take(queries * 4)];
  const target = kernels.float32(values, queries * stride).fill(0);
  for (let token = 0; token < queries; token++) target.set(vectorOf(query, token), token * stride);
  putWeights(kernels.float32(scales, queries), query.tokens);
  return [values, scales];
}

function putInt16(kernels: Kernels, query: TokenVectors, queries: number, take: Take): [number, number] {
  const stride = paddedDim(query.dim);
  const [values, scales] = [take(queries * stride * 2), take(queries * 4)];
  const target = kernels.int16(values, queries * stride);
  const weights = putWeights(kernels.float32(scales, queries), query.tokens);
  for (let token = 0; token < queries; token++) {
    const quantized = quantizeQuery(vectorOf(query, token));
    target.set(quantized.values, token * stride);
    weights[token]! *= quantized.scale * INT8_FACTOR_UNIT;
  }
  return [values, scales];
}

function putTables(kernels: Kernels, query: TokenVectors, queries: number, take: Take): [number, number] {
  const bytes = paddedDim(query.dim) * 4;
  const [entries, lines] = [take(queries * bytes), take(queries * 12)];
  const weights = putWeights(new Float32Array(queries), query.tokens);
  for (let token = 0; token < queries; token++) {
    const { step, offset } = queryTables(vectorOf(query, token), kernels.bytes(entries + token * bytes, bytes));
    kernels.float32(lines + token * 12, 3).set([step * BIT_FACTOR_UNIT, offset * BIT_FACTOR_UNIT, weights[token]!]);
  }
  return [entries, lines];
}

function putWeights(target: Float32Array, tokens: number): Float32Array {
  target.fill(1 / tokens);
  if (target.length > tokens) target[tokens] = 0;
  return target;
}

/** Mean over query tokens of their product with the centre. */
function centreShift(query: TokenVectors, centre: Float32Array | null): number {
  if (!centre) return 0;
  let sum = 0;
  for (let token = 0; token < query.tokens; token++)
    for (let index = 0; index < query.dim; index++) sum += query.data[token * query.dim + index]! * centre[index]!;
  return sum / query.tokens;
}

function floatDim(dim: number): number {
  return Math.ceil(dim / 4) * 4;
}

function scratchBytes(kind: TokenMatrix["kind"], dim: number, queries: number): number {
  return (kind === "float32" ? 0 : 8 * paddedDim(dim)) + (kind === "bits" ? 256 : 0) + 16 * queries;
}

/** The kernels as a backend: copies documents into their memory. */
export class WasmMaxsim implements MaxsimBackend {
  readonly name = "wasm";
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  load(matrix: TokenMatrix): LoadedDocuments {
    const kernels = this.#kernels;
    const { dim, counts } = matrix;
    if (dim > MOST_DIMENSIONS) throw new InvalidInputError("documents.dim", `at most ${MOST_DIMENSIONS}`, dim);
    const rowBytes = matrix.kind === "float32" ? floatDim(dim) * 4 : matrix.kind === "int8" ? paddedDim(dim) : paddedDim(dim) / 8;
    const total = counts.reduce((sum, count) => sum + count, 0);
    const vectors = kernels.allocate(total * rowBytes);
    const factors = kernels.allocate(total * 2);
    const address = kernels.allocate(counts.length * 12);
    if (matrix.kind === "float32") putFloatRows(kernels.float32(vectors, (total * rowBytes) / 4), matrix.values, dim, floatDim(dim));
    else {
      const values = matrix.kind === "int8" ? matrix.values : matrix.bits;
      kernels.bytes(vectors, total * rowBytes).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      kernels.bytes(factors, total * 2).set(new Uint8Array(matrix.factors.buffer, matrix.factors.byteOffset, matrix.factors.byteLength));
    }
    const rows = kernels.uint32(address, counts.length * 3);
    let token = 0;
    for (const [document, count] of counts.entries()) {
      rows.set([factors + token * 2, vectors + token * rowBytes, count], document * 3);
      token += count;
    }
    const table: DocumentTable = { kind: matrix.kind, dim, address, documents: counts.length, centre: matrix.kind === "bits" ? matrix.centre : null };
    return {
      documents: counts.length,
      score: async (query) => scoreTable(kernels, query, table),
      dispose: () => {
        for (const place of [vectors, factors, address]) kernels.free(place);
      },
    };
  }
}

function putFloatRows(target: Float32Array, values: Float32Array, dim: number, stride: number): void {
  target.fill(0);
  for (let from = 0, to = 0; from < values.length; from += dim, to += stride) target.set(values.subarray(from, from + dim), to);
}
