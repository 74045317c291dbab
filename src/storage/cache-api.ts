/**
 * Blobs as responses in the Cache API, for browsers that deny both the private file system and IndexedDB.
 *
 * A response is put in one step, whole, and replaces the one before. The Cache API knows neither appending nor ranges: what is written waits as a Blob, which the
 * browser may keep on disk, and ranges are slices of the response's Blob. Right for the files of a model; not for an index (docs/decisions/cache-api-last.md).
 */
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError } from "#core/errors.ts";
import { readFailure, storageFailure } from "./failure.ts";

const KIND = "cache-api";
/** Keys are URLs; nothing is ever fetched from there. */
const KEYS = "https://bge-m3-web.invalid/";
const BYTES = "x-bytes";

export class CacheApiStore implements ByteStore {
  readonly kind = KIND;
  readonly #cache: Cache;

  private constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** @throws StorageError where there is no Cache API, or it is denied */
  static async open(name: string): Promise<CacheApiStore> {
    try {
      return new CacheApiStore(await caches.open(name));
    } catch (cause) {
      throw storageFailure(KIND, "be opened", cause);
    }
  }

  /** Deletes everything. */
  static async destroy(name: string): Promise<void> {
    await caches.delete(name);
  }

  async size(name: string): Promise<number | undefined> {
    checkBlobName(name);
    const response = await this.#try(`read "${name}"`, () => this.#cache.match(keyOf(name)));
    return response && bytesOf(response);
  }

  async open(name: string): Promise<BlobReader> {
    checkBlobName(name);
    const response = await this.#try(`read "${name}"`, () => this.#cache.match(keyOf(name)));
    if (!response) throw new MissingBlobError(name, KIND);
    const blob = await response.blob().catch((cause: unknown) => {
      throw readFailure(KIND, name, cause);
    });
    // An entry that goes away while it is read may end early.
    if (blob.size !== bytesOf(response)) throw new MissingBlobError(name, KIND);
    return {
      bytes: blob.size,
      async read(offset, length) {
        const range = checkRange(blob.size, offset, length);
        try {
          return new Uint8Array(await blob.slice(range.offset, range.offset + range.length).arrayBuffer());
        } catch (cause) {
          throw readFailure(KIND, name, cause);
        }
      },
      close() {},
    };
  }

  async create(name: string): Promise<BlobWriter> {
    checkBlobName(name);
    return new CacheApiWriter((blob) => this.#try(`commit "${name}"`, () => this.#put(name, blob)));
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    return await this.#try("list its blobs", async () => {
      const entries: BlobEntry[] = [];
      for (const key of await this.#cache.keys()) {
        const name = key.url.slice(KEYS.length);
        if (!name.startsWith(prefix)) continue;
        const response = await this.#cache.match(key);
        if (response) entries.push({ name, bytes: bytesOf(response) });
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  async remove(name: string): Promise<void> {
    checkBlobName(name);
    await this.#try(`remove "${name}"`, () => this.#cache.delete(keyOf(name)));
  }

  close(): void {}

  async #put(name: string, blob: Blob): Promise<void> {
    await this.#cache.put(keyOf(name), new Response(blob, { headers: { [BYTES]: String(blob.size) } }));
  }

  async #try<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw storageFailure(KIND, action, cause);
    }
  }
}

class CacheApiWriter implements BlobWriter {
  #chunks: Blob[] | undefined = [];
  #bytes = 0;
  readonly #publish: (blob: Blob) => Promise<void>;

  constructor(publish: (blob: Blob) => Promise<void>) {
    this.#publish = publish;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (!this.#chunks) throw new DisposedError("blob writer");
    this.#chunks.push(new Blob([chunk as Uint8Array<ArrayBuffer>]));
    this.#bytes += chunk.length;
  }

  async commit(): Promise<void> {
    if (!this.#chunks) throw new DisposedError("blob writer");
    const blob = new Blob(this.#chunks);
    this.#chunks = undefined;
    await this.#publish(blob);
  }

  async abort(): Promise<void> {
    this.#chunks = undefined;
  }
}

function keyOf(name: string): string {
  return KEYS + name;
}

function bytesOf(response: Response): number {
  return Number(response.headers.get(BYTES));
}
