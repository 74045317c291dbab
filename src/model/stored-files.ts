/**
 * A {@link FileReader} that keeps what it downloads: a file that is in the store is read from there, and its digest checked when it is read for the first time;
 * one that is not, or is damaged, is downloaded, by one tab for all, and appears in the store when it is complete and right.
 */
import type { FileEntry } from "#core/manifest.ts";
import { sha256Hex } from "#core/sha256.ts";
import type { WriterLock } from "#core/writer-lock.ts";
import type { Download, FileReader, ReadFileOptions } from "./file-reader.ts";
import { blobNames } from "./model-storage.ts";
import type { NoticeListener, Shelf } from "./shelf.ts";
import { StoredPart } from "./stored-part.ts";

export interface StoredFilesOptions {
  readonly shelf: Shelf;
  readonly locks: WriterLock;
  readonly download: Download;
  readonly onNotice: NoticeListener;
}

export function storedFiles({ shelf, locks, download, onNotice }: StoredFilesOptions): FileReader {
  const verified = new Set<string>();

  async function readStored(entry: FileEntry, { onBytes, signal }: ReadFileOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const name = blobNames.file(entry.sha256);
    const bytes = await shelf.read(name);
    signal?.throwIfAborted();
    if (!bytes) return undefined;
    if (bytes.length !== entry.bytes || !(verified.has(entry.sha256) || (await sha256Hex(bytes)) === entry.sha256)) {
      verified.delete(entry.sha256);
      await shelf.remove(name);
      onNotice({ code: "stored-file-damaged", message: `The stored copy of "${entry.file}" is damaged; it is downloaded again.` });
      return undefined;
    }
    verified.add(entry.sha256);
    onBytes?.(bytes.length, true);
    return bytes;
  }

  return async (entry, options = {}) => {
    const stored = await readStored(entry, options);
    if (stored) return stored;
    return await locks.withLock(
      `model-file-${entry.sha256}`,
      async () => {
        // Whoever had the lock before may have brought the file.
        const brought = await readStored(entry, options);
        if (brought) return brought;
        const part = new StoredPart(shelf, entry.sha256);
        const bytes = await download(entry, { ...options, part });
        await shelf.write(blobNames.file(entry.sha256), bytes);
        await part.clear();
        return bytes;
      },
      { signal: options.signal },
    );
  };
}
