/** The command line's byte store: each blob a file of one folder, written under a temporary name. */
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError, StorageError, StorageFullError } from "#core/errors.ts";

/** No blob's name begins with it. */
const TEMPORARY = "~";

export class FolderStore implements ByteStore {
  readonly kind = "folder";
  readonly #folder: string;
  #writers = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder where it is missing. */
  static async open(folder: string): Promise<FolderStore> {
    await mkdir(folder, { recursive: true }).catch(fail("be opened"));
    return new FolderStore(folder);
  }

  async size(name: string): Promise<number | undefined> {
    const found = await stat(this.#file(name)).catch(unlessMissing("be asked"));
    return found?.size;
  }

  async open(name: string): Promise<BlobReader> {
    const handle = await open(this.#file(name), "r").catch(unlessMissing("be read"));
    if (!handle) throw new MissingBlobError(name, this.kind);
    const { size } = await handle.stat();
    return {
      bytes: size,
      read: async (offset, length) => {
        const range = checkRange(size, offset, length);
        return await readAll(handle, range.offset, range.length, name);
      },
      close: () => void handle.close().catch(() => {}),
    };
  }

  async create(name: string): Promise<BlobWriter> {
    const file = this.#file(name);
    const temporary = path.join(this.#folder, `${TEMPORARY}${process.pid}-${this.#writers++}`);
    return new FileWriter(await open(temporary, "wx").catch(fail("be written")), temporary, file);
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    const names = (await readdir(this.#folder).catch(fail("be listed"))).filter((name) => name.startsWith(prefix) && !name.startsWith(TEMPORARY));
    const entries = await Promise.all(names.sort().map(async (name) => ({ name, bytes: await this.size(name) })));
    return entries.filter((entry): entry is BlobEntry => entry.bytes !== undefined);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#file(name), { force: true }).catch(fail("be cleared"));
  }

  close(): void {}

  #file(name: string): string {
    checkBlobName(name);
    return path.join(this.#folder, name);
  }
}

class FileWriter implements BlobWriter {
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #file: string;
  #bytes = 0;
  #open = true;

  constructor(handle: FileHandle, temporary: string, file: string) {
    this.#handle = handle;
    this.#temporary = temporary;
    this.#file = file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (!this.#open) throw new DisposedError("blob writer");
    let written = 0;
    while (written < chunk.length) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#bytes + written).catch(fail("be written"));
      written += bytesWritten;
    }
    this.#bytes += chunk.length;
  }

  async commit(): Promise<void> {
    if (!this.#open) throw new DisposedError("blob writer");
    this.#open = false;
    try {
      await this.#handle.sync();
      await this.#handle.close();
      await rename(this.#temporary, this.#file);
    } catch (cause) {
      await rm(this.#temporary, { force: true });
      throw asStorageError("be written", cause);
    }
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }
}

async function readAll(handle: FileHandle, offset: number, length: number, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, offset + read).catch(fail("be read"));
    // Somebody cut the file: there is nothing of the old bytes left to give.
    if (bytesRead === 0) throw new MissingBlobError(name, "folder");
    read += bytesRead;
  }
  return bytes;
}

function asStorageError(action: string, cause: unknown): Error {
  return (cause as NodeJS.ErrnoException)?.code === "ENOSPC" ? new StorageFullError("folder", { cause }) : new StorageError("folder", action, { cause });
}

function fail(action: string): (cause: unknown) => never {
  return (cause) => {
    throw asStorageError(action, cause);
  };
}

function unlessMissing(action: string): (cause: NodeJS.ErrnoException) => undefined {
  return (cause) => {
    if (cause.code !== "ENOENT") throw asStorageError(action, cause);
    return undefined;
  };
}
