/**
 * Collects tensors into shards: safetensors files of some 4 MiB and at most 16, named by the first 16 hexadecimal digits of their SHA-256. Keeps one open
 * shard in memory, writes it when the next tensor would make it too large, and cuts a tensor that no shard can hold into parts of whole rows.
 */
import type { FileEntry, TensorEntry, TensorPart } from "#core/manifest.ts";
import { type NamedTensor, type SafetensorsFile, writeSafetensors } from "#core/safetensors.ts";
import { sha256Hex } from "#core/sha256.ts";
import type { ArtefactSink } from "./ports.ts";

export const MAX_SHARD_BYTES = 2 ** 24;

/** Small enough that several downloads share the work, and that the first bytes can be verified and used while others are on their way. */
const TARGET_BYTES = 2 ** 22;

/** Kept free for the header: far more than the entries of a shard's tensors take. */
const HEADER_RESERVE_BYTES = 2 ** 16;
const CAPACITY_BYTES = MAX_SHARD_BYTES - HEADER_RESERVE_BYTES;

/** Inside a shard the widest elements come first, so that every tensor is aligned to its element without gaps (which the format forbids). */
const DTYPE_ORDER = ["F32", "F16", "I8", "U8"];

interface OpenPart extends NamedTensor {
  readonly parts: TensorPart[];
}

export class ShardWriter {
  readonly files: FileEntry[] = [];
  private readonly entries = new Map<string, TensorEntry>();
  private readonly sink: ArtefactSink;
  private open: OpenPart[] = [];
  private openBytes = 0;

  constructor(sink: ArtefactSink) {
    this.sink = sink;
  }

  /** Every tensor added, by name; complete after {@link flush}. */
  tensors(): Record<string, TensorEntry> {
    return Object.fromEntries([...this.entries].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /** Puts a tensor into the open shard, or into the next ones. */
  async add(tensor: NamedTensor): Promise<void> {
    const { name, dtype, shape, bytes } = tensor;
    const parts: TensorPart[] = [];
    this.entries.set(name, { dtype, shape, parts });
    if (bytes.length <= CAPACITY_BYTES) return this.addPart({ ...tensor, parts });
    const rowBytes = bytes.length / shape[0]!;
    const rowsPerPart = Math.floor(CAPACITY_BYTES / rowBytes);
    if (rowsPerPart === 0) throw new Error(`A row of ${name} is larger than a shard.`);
    await this.flush();
    for (let row = 0; row < shape[0]!; row += rowsPerPart) {
      const rows = Math.min(rowsPerPart, shape[0]! - row);
      await this.addPart({ name, dtype, shape: [rows, ...shape.slice(1)], bytes: bytes.subarray(row * rowBytes, (row + rows) * rowBytes), parts });
    }
  }

  /** Puts the bytes of a whole file into shards of its own, as a tensor U8 [bytes]. @param read gives some of them; no more than a shard's are asked for at once */
  async addFile(name: string, size: number, read: (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
    const parts: TensorPart[] = [];
    this.entries.set(name, { dtype: "U8", shape: [size], parts });
    for (let offset = 0; offset < size; offset += CAPACITY_BYTES) {
      await this.flush();
      const bytes = await read(offset, Math.min(CAPACITY_BYTES, size - offset));
      await this.addPart({ name, dtype: "U8", shape: [bytes.length], bytes, parts });
    }
    await this.flush();
  }

  /** Writes the open shard. What is added next begins a new one. */
  async flush(): Promise<void> {
    if (this.open.length === 0) return;
    const tensors = this.open.sort((left, right) => DTYPE_ORDER.indexOf(left.dtype) - DTYPE_ORDER.indexOf(right.dtype) || (left.name < right.name ? -1 : 1));
    this.open = [];
    this.openBytes = 0;
    const file = writeSafetensors(tensors);
    const shard = await this.writeFile(file);
    tensors.forEach(({ parts, bytes }, index) => {
      parts.push({ shard, offset: file.offsets[index]!, length: bytes.length });
    });
  }

  /** Writes a shard of its own and gives its number; the same bytes twice are one shard. */
  async writeFile({ bytes }: SafetensorsFile): Promise<number> {
    if (bytes.length > MAX_SHARD_BYTES) throw new Error(`A shard of ${bytes.length} bytes is larger than ${MAX_SHARD_BYTES}.`);
    const sha256 = await sha256Hex(bytes);
    const same = this.files.findIndex((entry) => entry.sha256 === sha256);
    if (same >= 0) return same;
    const file = `${sha256.slice(0, 16)}.safetensors`;
    await this.sink.write(file, bytes);
    return this.files.push({ file, bytes: bytes.length, sha256 }) - 1;
  }

  private async addPart(part: OpenPart): Promise<void> {
    if (this.openBytes + part.bytes.length > TARGET_BYTES) await this.flush();
    this.open.push(part);
    this.openBytes += part.bytes.length;
  }
}
