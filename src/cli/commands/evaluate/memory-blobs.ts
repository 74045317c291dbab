/** Where an index lies while it is measured: a byte store in memory, gone with its object. (The storage room's is the browser's.) */
import { type BlobReader, type BlobWriter, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { MissingBlobError } from "#core/errors.ts";

export class MemoryBlobs implements ByteStore {
  readonly kind = "memory";
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();

  async size(name: string): Promise<number | undefined> {
    return this.#blobs.get(name)?.length;
  }

  async open(name: string): Promise<BlobReader> {
    const blob = this.#blobs.get(name);
    if (!blob) throw new MissingBlobError(name, this.kind);
    return {
      bytes: blob.length,
      read: async (offset, length) => {
        const range = checkRange(blob.length, offset, length);
        return blob.slice(range.offset, range.offset + range.length);
      },
      close() {},
    };
  }

  async create(name: string): Promise<BlobWriter> {
    checkBlobName(name);
    let chunks: Buffer[] = [];
    let bytes = 0;
    return {
      get bytes() {
        return bytes;
      },
      append: async (chunk) => {
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
      },
      // Not the Buffer itself, whose `slice` would share memory.
      commit: async () => void this.#blobs.set(name, new Uint8Array(Buffer.concat(chunks))),
      abort: async () => {
        chunks = [];
      },
    };
  }

  async list(prefix = ""): Promise<{ readonly name: string; readonly bytes: number }[]> {
    const names = [...this.#blobs.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, bytes: this.#blobs.get(name)!.length }));
  }

  async remove(name: string): Promise<void> {
    this.#blobs.delete(name);
  }

  close(): void {
    this.#blobs.clear();
  }
}
