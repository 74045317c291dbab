/** A byte store that forgets everything with its object: for tests, for private windows, and the last resort when the browser stores nothing. */
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError } from "#core/errors.ts";

export class MemoryStore implements ByteStore {
  readonly kind = "memory";
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();

  async size(name: string): Promise<number | undefined> {
    checkBlobName(name);
    return this.#blobs.get(name)?.length;
  }

  async open(name: string): Promise<BlobReader> {
    checkBlobName(name);
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
    return new MemoryWriter((blob) => this.#blobs.set(name, blob));
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    const names = [...this.#blobs.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => ({ name, bytes: this.#blobs.get(name)!.length }));
  }

  async remove(name: string): Promise<void> {
    checkBlobName(name);
    this.#blobs.delete(name);
  }

  /** Does nothing: whoever holds the store can go on. */
  close(): void {}
}

class MemoryWriter implements BlobWriter {
  #chunks: Uint8Array[] | undefined = [];
  #bytes = 0;
  readonly #publish: (blob: Uint8Array<ArrayBuffer>) => void;

  constructor(publish: (blob: Uint8Array<ArrayBuffer>) => void) {
    this.#publish = publish;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (!this.#chunks) throw new DisposedError("blob writer");
    this.#chunks.push(chunk.slice());
    this.#bytes += chunk.length;
  }

  async commit(): Promise<void> {
    if (!this.#chunks) throw new DisposedError("blob writer");
    const blob = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      blob.set(chunk, offset);
      offset += chunk.length;
    }
    this.#chunks = undefined;
    this.#publish(blob);
  }

  async abort(): Promise<void> {
    this.#chunks = undefined;
  }
}
