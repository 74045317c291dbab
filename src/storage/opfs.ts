/**
 * Blobs as files of the origin private file system, one folder a store.
 *
 * A blob is written to a file whose name no blob can have ("~…") and then moved onto its own name, which the browser does in one step. In a worker the bytes go
 * through a synchronous access handle (several times faster than a stream, and Safari before 26 has nothing else); on the main thread through a stream.
 * Reading takes slices of the File, which needs no lock, so any number of tabs can read while one writes; many small reads go through a synchronous handle too.
 */
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteRange, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError, StorageError } from "#core/errors.ts";
import { readFailure, storageFailure } from "./failure.ts";

const KIND = "opfs";
const TEMPORARY = "~";
/** Temporary files of tabs that were closed while they wrote are deleted when they are this old: a writer that lives writes more often. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** A file that another tab is moving or writing is locked for a moment: try again, ten times in about two seconds. */
const LOCKED_TRIES = 10;
const LOCKED_FIRST_WAIT_MS = 2;

/** Opening a synchronous handle costs about as much as so many slices. */
const FEWEST_SYNCHRONOUS_READS = 8;

/** File System Standard's `move`, which TypeScript's library does not know yet. */
interface MovableFileHandle extends FileSystemFileHandle {
  move?(name: string): Promise<void>;
}

/** What is used of FileSystemSyncAccessHandle, which only workers have, and only TypeScript's worker library knows. */
interface SyncAccess {
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}

export class OpfsStore implements ByteStore {
  readonly kind = KIND;
  readonly #folder: FileSystemDirectoryHandle;

  private constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  /**
   * Opens the folder `path` below the origin's root, making it when needed.
   * @throws StorageError where there is no such file system, or it is denied
   */
  static async open(path: readonly string[]): Promise<OpfsStore> {
    try {
      let folder = await navigator.storage.getDirectory();
      for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
      const store = new OpfsStore(folder);
      await store.#removeAbandoned();
      return store;
    } catch (cause) {
      throw storageFailure(KIND, "be opened", cause);
    }
  }

  async size(name: string): Promise<number | undefined> {
    checkBlobName(name);
    return (await this.#file(name))?.size;
  }

  async open(name: string): Promise<BlobReader> {
    checkBlobName(name);
    const handle = await this.#handle(name);
    const file = handle && (await fileOf(handle, name));
    if (!file) throw new MissingBlobError(name, KIND);
    return new OpfsReader(name, handle, file);
  }

  async create(name: string): Promise<BlobWriter> {
    checkBlobName(name);
    const temporary = `${TEMPORARY}${crypto.randomUUID()}`;
    // A handle that was just closed may lock the file for a moment longer.
    const remove = () => whenUnlocked(() => this.#folder.removeEntry(temporary));
    try {
      const handle: MovableFileHandle = await this.#folder.getFileHandle(temporary, { create: true });
      return new OpfsWriter(name, handle, await openSink(handle), remove);
    } catch (cause) {
      await remove().catch(() => undefined);
      throw storageFailure(KIND, `create "${name}"`, cause);
    }
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    const entries: BlobEntry[] = [];
    try {
      for await (const name of this.#folder.keys()) {
        if (name.startsWith(TEMPORARY) || !name.startsWith(prefix)) continue;
        const file = await this.#file(name);
        if (file) entries.push({ name, bytes: file.size });
      }
    } catch (cause) {
      throw storageFailure(KIND, "list its blobs", cause);
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async remove(name: string): Promise<void> {
    checkBlobName(name);
    try {
      await whenUnlocked(() => this.#folder.removeEntry(name));
    } catch (cause) {
      if (cause instanceof Error && cause.name === "NotFoundError") return;
      throw storageFailure(KIND, `remove "${name}"`, cause);
    }
  }

  close(): void {}

  async #handle(name: string): Promise<FileSystemFileHandle | undefined> {
    try {
      return await this.#folder.getFileHandle(name);
    } catch (cause) {
      if (cause instanceof Error && cause.name === "NotFoundError") return undefined;
      throw readFailure(KIND, name, cause);
    }
  }

  async #file(name: string): Promise<File | undefined> {
    const handle = await this.#handle(name);
    return handle && (await fileOf(handle, name));
  }

  async #removeAbandoned(): Promise<void> {
    for await (const name of this.#folder.keys()) {
      if (!name.startsWith(TEMPORARY)) continue;
      const file = await this.#file(name);
      if (!file || Date.now() - file.lastModified < ABANDONED_AFTER_MS) continue;
      // Another tab may be deleting it as well, or hold it open: then it is not ours to delete.
      await this.#folder.removeEntry(name).catch(() => undefined);
    }
  }
}

/** The file as it is now, or undefined when it has gone since the handle was made. */
async function fileOf(handle: FileSystemFileHandle, name: string): Promise<File | undefined> {
  try {
    return await handle.getFile();
  } catch (cause) {
    if (cause instanceof Error && cause.name === "NotFoundError") return undefined;
    throw readFailure(KIND, name, cause);
  }
}

class OpfsReader implements BlobReader {
  readonly bytes: number;
  readonly #name: string;
  readonly #handle: FileSystemFileHandle;
  readonly #file: File;

  constructor(name: string, handle: FileSystemFileHandle, file: File) {
    this.#name = name;
    this.#handle = handle;
    this.#file = file;
    this.bytes = file.size;
  }

  async read(offset?: number, length?: number): Promise<Uint8Array<ArrayBuffer>> {
    const range = checkRange(this.bytes, offset, length);
    try {
      const whole = range.offset === 0 && range.length === this.bytes;
      const part = whole ? this.#file : this.#file.slice(range.offset, range.offset + range.length);
      return new Uint8Array(await part.arrayBuffer());
    } catch (cause) {
      throw readFailure(KIND, this.#name, cause);
    }
  }

  /**
   * A slice costs a message to the browser's process and back. Where a synchronous handle can be had for reading only, which locks nobody out but a writer for
   * the moment that it lasts, two hundred reads take a third of the time.
   */
  async readMany(ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const checked = ranges.map(({ offset, length }) => checkRange(this.bytes, offset, length));
    const access = checked.length < FEWEST_SYNCHRONOUS_READS ? undefined : await this.#readOnlyAccess();
    if (!access) return await Promise.all(checked.map(({ offset, length }) => this.read(offset, length)));
    try {
      return checked.map(({ offset, length }) => {
        const part = new Uint8Array(length);
        if (access.read(part, { at: offset }) !== length) throw new MissingBlobError(this.#name, KIND);
        return part;
      });
    } finally {
      access.close();
    }
  }

  close(): void {}

  /** Undefined where there is no such handle, where a writer has the file, and where the file is not the one that was opened. */
  async #readOnlyAccess(): Promise<SyncAccess | undefined> {
    if (!hasReadOnlyHandles()) return undefined;
    const { createSyncAccessHandle } = this.#handle as unknown as { createSyncAccessHandle(options: { mode: string }): Promise<SyncAccess> };
    const access = await createSyncAccessHandle.call(this.#handle, { mode: "read-only" }).catch(() => undefined);
    if (!access) return undefined;
    const now = await this.#handle.getFile().catch(() => undefined);
    if (now?.size === this.#file.size && now.lastModified === this.#file.lastModified) return access;
    access.close();
    return undefined;
  }
}

/** Browsers that do not know modes would open the file for writing and lock out everybody else. */
function hasReadOnlyHandles(): boolean {
  const { FileSystemSyncAccessHandle } = globalThis as { FileSystemSyncAccessHandle?: { readonly prototype: object } };
  return FileSystemSyncAccessHandle !== undefined && "mode" in FileSystemSyncAccessHandle.prototype;
}

async function whenUnlocked(action: () => Promise<void> | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (cause) {
      const locked = cause instanceof Error && cause.name === "NoModificationAllowedError";
      if (!locked || attempt === LOCKED_TRIES) throw cause;
      await new Promise((resolve) => setTimeout(resolve, LOCKED_FIRST_WAIT_MS * 2 ** (attempt - 1)));
    }
  }
}

/** Where the bytes of a temporary file go: a synchronous handle or a stream. */
interface Sink {
  write(chunk: Uint8Array, offset: number): void | Promise<void>;
  /** Puts everything on the disk and lets go of the file. */
  finish(): void | Promise<void>;
  discard(): void | Promise<void>;
}

async function openSink(handle: FileSystemFileHandle): Promise<Sink> {
  // Not every library's type has the method: with a plain `in` test TypeScript would take the stream below for impossible.
  const { createSyncAccessHandle } = handle as unknown as { createSyncAccessHandle?: () => Promise<SyncAccess> };
  if (createSyncAccessHandle) {
    const access = await createSyncAccessHandle.call(handle);
    return {
      write(chunk, offset) {
        const written = access.write(chunk, { at: offset });
        if (written !== chunk.length) throw new DOMException(`Only ${written} of ${chunk.length} bytes were written.`, "QuotaExceededError");
      },
      finish() {
        try {
          access.flush();
        } finally {
          access.close();
        }
      },
      discard: () => access.close(),
    };
  }
  const stream = await handle.createWritable();
  return {
    // The stream may read the chunk later, but the caller may change it when `append` resolves; write() resolves when the bytes are taken.
    write: (chunk) => stream.write(chunk.slice()),
    finish: () => stream.close(),
    discard: () => stream.abort(),
  };
}

class OpfsWriter implements BlobWriter {
  #bytes = 0;
  #sink: Sink | undefined;
  readonly #name: string;
  readonly #handle: MovableFileHandle;
  readonly #remove: () => Promise<void>;

  constructor(name: string, handle: MovableFileHandle, sink: Sink, remove: () => Promise<void>) {
    this.#name = name;
    this.#handle = handle;
    this.#sink = sink;
    this.#remove = remove;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (!this.#sink) throw new DisposedError("blob writer");
    const offset = this.#bytes;
    this.#bytes += chunk.length;
    try {
      await this.#sink.write(chunk, offset);
    } catch (cause) {
      throw storageFailure(KIND, `write "${this.#name}"`, cause);
    }
  }

  async commit(): Promise<void> {
    const sink = this.#sink;
    if (!sink) throw new DisposedError("blob writer");
    this.#sink = undefined;
    const handle = this.#handle;
    try {
      await sink.finish();
      if (!handle.move) throw new StorageError(KIND, "move files in this browser");
      await whenUnlocked(() => handle.move?.(this.#name));
    } catch (cause) {
      await this.#remove().catch(() => undefined);
      throw storageFailure(KIND, `commit "${this.#name}"`, cause);
    }
  }

  async abort(): Promise<void> {
    const sink = this.#sink;
    if (!sink) return;
    this.#sink = undefined;
    try {
      await sink.discard();
    } catch {
      // A stream that failed cannot be aborted again; what matters is that the file goes.
    }
    await this.#remove().catch(() => undefined);
  }
}
