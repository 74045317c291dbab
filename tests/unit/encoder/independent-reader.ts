/**
 * Reads an artefact by docs/model-format.md alone: it imports nothing of this repository, so that the document is held to be complete. Float64 throughout.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

interface Part {
  shard: number;
  offset: number;
  length: number;
}
interface Encoding {
  kind: "float" | "float16" | "rows8" | "blocks4";
  blockSize?: number;
}
export interface Manifest {
  format: string;
  formatVersion: number;
  architecture: { hiddenSize: number; vocabSize: number; positionOffset: number };
  heads: unknown;
  maxTokens: number;
  prompts: unknown;
  tokenizer: { kind: string; file: string; bytes: number; sha256: string };
  shards: { file: string; bytes: number; sha256: string }[];
  tensors: Record<string, { dtype: string; shape: number[]; parts: Part[] }>;
  encodings: Record<string, Encoding>;
  wordEmbeddings: { encoding: Encoding; rowsPerPage: number; dataOffset: number; shards: number[] };
  fingerprint: string;
}

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

export class IndependentReader {
  readonly manifest: Manifest;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
    if (this.manifest.format !== "bge-m3-web/model" || this.manifest.formatVersion !== 1) throw new Error("Not format version 1.");
  }

  /** Problems with sizes, digests, names and headers of all files. */
  problems(): string[] {
    return [...this.manifest.shards, this.manifest.tokenizer].flatMap(({ file, bytes, sha256: digest }) => {
      const content = readFileSync(path.join(this.#folder, file));
      const problems: string[] = [];
      if (content.length !== bytes || sha256(content) !== digest || file.split(".")[0] !== digest.slice(0, 16)) problems.push(file);
      if (file.endsWith(".safetensors")) {
        const headerBytes = Number(content.readBigUInt64LE(0));
        const header: Record<string, { data_offsets?: number[] }> = JSON.parse(content.toString("utf8", 8, 8 + headerBytes));
        const end = Math.max(...Object.values(header).map(({ data_offsets }) => data_offsets?.[1] ?? 0));
        if (headerBytes % 8 !== 0 || 8 + headerBytes + end !== content.length) problems.push(`${file}: header`);
      }
      return problems;
    });
  }

  fingerprint(): string {
    const { formatVersion, architecture, heads, maxTokens, prompts, tokenizer, shards } = this.manifest;
    return sha256(
      JSON.stringify([formatVersion, architecture, heads, maxTokens, prompts, tokenizer.kind, tokenizer.sha256, shards.map((shard) => shard.sha256)]),
    );
  }

  /** All numbers of a matrix or vector of `tensors`, row-major. */
  matrix(name: string): number[] {
    const encoding = this.manifest.encodings[name] ?? { kind: "float" };
    const stored = (suffix: string) => {
      const { dtype, parts } = this.manifest.tensors[name + suffix]!;
      return numbers(dtype, Buffer.concat(parts.map((part) => this.#bytes(part))));
    };
    if (encoding.kind === "float" || encoding.kind === "float16") return stored("");
    const scales = stored(".scale");
    const values = stored(encoding.kind === "blocks4" ? ".q4" : "");
    const all = encoding.kind === "blocks4" ? nibbles(values) : values;
    const perScale = all.length / scales.length;
    return all.map((value, index) => value * scales[Math.floor(index / perScale)]!);
  }

  /** Row of the word-embedding table. */
  wordEmbedding(id: number): number[] {
    const { wordEmbeddings, architecture } = this.manifest;
    const { encoding, rowsPerPage, dataOffset, shards } = wordEmbeddings;
    const width = architecture.hiddenSize;
    const page = Math.floor(id / rowsPerPage);
    const rows = Math.min(rowsPerPage, architecture.vocabSize - page * rowsPerPage);
    const row = id - page * rowsPerPage;
    const read = (dtype: string, offset: number, length: number) => numbers(dtype, this.#bytes({ shard: shards[page]!, offset, length }));
    switch (encoding.kind) {
      case "float":
        return read("F32", dataOffset + row * width * 4, width * 4);
      case "float16":
        return read("F16", dataOffset + row * width * 2, width * 2);
      case "rows8": {
        const [scale] = read("F32", dataOffset + rows * width + row * 4, 4);
        return read("I8", dataOffset + row * width, width).map((value) => value * scale!);
      }
      case "blocks4": {
        const scales = read("F16", dataOffset + (rows * width) / 2 + (row * width) / 16, width / 16);
        return nibbles(read("U8", dataOffset + (row * width) / 2, width / 2)).map((value, column) => value * scales[Math.floor(column / 32)]!);
      }
    }
  }

  #bytes({ shard, offset, length }: Part): Buffer {
    return readFileSync(path.join(this.#folder, this.manifest.shards[shard]!.file)).subarray(offset, offset + length);
  }
}

function nibbles(bytes: readonly number[]): number[] {
  return bytes.flatMap((byte) => [(byte & 15) - 8, (byte >> 4) - 8]);
}

function numbers(dtype: string, bytes: Buffer): number[] {
  switch (dtype) {
    case "F32":
      return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
    case "F16":
      return Array.from({ length: bytes.length / 2 }, (_, index) => half(bytes.readUInt16LE(index * 2)));
    case "I8":
      return Array.from(bytes, (byte) => (byte << 24) >> 24);
    case "U8":
      return [...bytes];
    default:
      throw new Error(`The document knows no ${dtype}.`);
  }
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return exponent === 31 ? Number.NaN : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
