/**
 * The storage port: named blobs that appear whole or not at all. The storage room has the browser's adapters, the command line its own over files.
 *
 * Not a file system: no folders, no writing into the middle. What needs a lock between tabs takes one itself (`writer-lock.ts`).
 */
import { InvalidInputError } from "./errors.ts";

/** A committed blob, as `list` tells it. */
export interface BlobEntry {
  readonly name: string;
  readonly bytes: number;
}

/** Bytes [offset, offset + length). */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * One version of a blob, open for reading. When the blob is replaced or removed meanwhile, a reader goes on giving the old bytes or throws
 * MissingBlobError; it never gives bytes of the new version.
 */
export interface BlobReader {
  readonly bytes: number;
  /**
   * A copy of bytes [offset, offset + length), or of everything: the caller may keep it and write into it.
   * @throws InvalidInputError when the range does not lie in the blob; MissingBlobError; StorageError
   */
  read(offset?: number, length?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Many small reads in one, where the store has a faster way than one after the other: call {@link readRanges}, which does without. Throws as `read`. */
  readMany?(ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]>;
  close(): void;
}

/** A blob being written under a temporary name. A writer that is neither committed nor aborted (the tab was closed) leaves nothing that anyone sees. */
export interface BlobWriter {
  /** Bytes appended so far. */
  readonly bytes: number;
  /** Adds bytes at the end. The array may be changed again when the promise resolves. @throws StorageFullError; StorageError */
  append(chunk: Uint8Array): Promise<void>;
  /** Makes the blob visible under its name, in place of any earlier one, in one step. @throws StorageFullError; StorageError: then nothing has changed */
  commit(): Promise<void>;
  /** Throws away what was written. Does nothing after commit. */
  abort(): Promise<void>;
}

/** Named blobs. Calls may overlap; of two commits to one name the later one stays. */
export interface ByteStore {
  /** Where the bytes lie, for people and for tests: "memory", "opfs", "indexeddb", … */
  readonly kind: string;
  /** Bytes of a blob, or undefined when there is none. */
  size(name: string): Promise<number | undefined>;
  /** @throws MissingBlobError when there is no such blob */
  open(name: string): Promise<BlobReader>;
  create(name: string): Promise<BlobWriter>;
  /** Committed blobs whose names begin with the prefix, by name in code-unit order. */
  list(prefix?: string): Promise<BlobEntry[]>;
  /** Does nothing when there is no such blob. */
  remove(name: string): Promise<void>;
  /** Lets go of handles and connections; the blobs stay (those of a memory store as long as the store itself). */
  close(): void;
}

/** Blob names are lower case, so that they fall together on no file system: a letter or digit, then letters, digits, ".", "_", "-"; 128 at most. */
const BLOB_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/** @throws InvalidInputError when the name is not a blob name */
export function checkBlobName(name: string): void {
  if (!BLOB_NAME.test(name)) throw new InvalidInputError("name", `a blob name matching ${BLOB_NAME.source}`, name);
}

/** The range that `read(offset, length)` means. @throws InvalidInputError when it does not lie in the blob */
export function checkRange(bytes: number, offset = 0, length = bytes - offset): ByteRange {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > bytes) throw new InvalidInputError("offset", `a whole number from 0 to ${bytes}`, offset);
  if (!Number.isSafeInteger(length) || length < 0 || offset + length > bytes) {
    throw new InvalidInputError("length", `a whole number from 0 to ${bytes - offset}`, length);
  }
  return { offset, length };
}

/** Reads under way at once where a store has no way of its own for many. */
const PARALLEL_READS = 16;

/** Copies of many ranges of a blob, in the order asked for. @throws as BlobReader.read */
export async function readRanges(reader: BlobReader, ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
  if (reader.readMany) return await reader.readMany(ranges);
  const parts = new Array<Uint8Array<ArrayBuffer>>(ranges.length);
  let next = 0;
  const readOn = async () => {
    while (next < ranges.length) {
      const place = next++;
      const { offset, length } = ranges[place]!;
      parts[place] = await reader.read(offset, length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_READS, ranges.length) }, readOn));
  return parts;
}

/** A whole blob. @throws MissingBlobError; StorageError */
export async function readBlob(store: ByteStore, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const reader = await store.open(name);
  try {
    return await reader.read();
  } finally {
    reader.close();
  }
}

/** Writes and commits a blob. When it fails, the earlier blob of that name is still there. @throws StorageFullError; StorageError */
export async function writeBlob(store: ByteStore, name: string, bytes: Uint8Array): Promise<void> {
  const writer = await store.create(name);
  try {
    await writer.append(bytes);
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
