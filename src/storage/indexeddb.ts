/**
 * Blobs as records of 64 KiB in one IndexedDB database, for browsers whose private file system is missing or denied.
 *
 * Each version of a blob has a random id; its records are written as they come, and one transaction then points the name at them and deletes those of the
 * version before. 64 KiB keeps a small read from copying much more than was asked for.
 */
import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteRange, type ByteStore, checkBlobName, checkRange } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError } from "#core/errors.ts";
import { storageFailure } from "./failure.ts";

const KIND = "indexeddb";
const DATABASE_VERSION = 1;
const RECORD_BYTES = 64 * 1024;
/** Records are handed to the database in groups, so that a large append is not one transaction a record. */
const RECORDS_PER_TRANSACTION = 64;
/** Versions that a closed tab began and never committed are deleted when they are this old. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

interface Version {
  readonly id: string;
  readonly bytes: number;
}

interface Schema extends DBSchema {
  names: { key: string; value: Version };
  /** Key: version id, record number. */
  records: { key: [string, number]; value: Uint8Array<ArrayBuffer> };
  /** Versions being written, with the time when they began. */
  pending: { key: string; value: number };
}

type Database = IDBPDatabase<Schema>;

export class IndexedDbStore implements ByteStore {
  readonly kind = KIND;
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** @throws StorageError where there is no IndexedDB, or it is denied */
  static async open(name: string): Promise<IndexedDbStore> {
    try {
      const database = await openDB<Schema>(name, DATABASE_VERSION, {
        upgrade(fresh) {
          fresh.createObjectStore("names");
          fresh.createObjectStore("records");
          fresh.createObjectStore("pending");
        },
      });
      await removeAbandoned(database);
      return new IndexedDbStore(database);
    } catch (cause) {
      throw storageFailure(KIND, "be opened", cause);
    }
  }

  /** Deletes the whole database. Waits until every connection to it is closed. */
  static async destroy(name: string): Promise<void> {
    await deleteDB(name);
  }

  async size(name: string): Promise<number | undefined> {
    checkBlobName(name);
    return (await this.#read(`read "${name}"`, () => this.#database.get("names", name)))?.bytes;
  }

  async open(name: string): Promise<BlobReader> {
    checkBlobName(name);
    const version = await this.#read(`read "${name}"`, () => this.#database.get("names", name));
    if (!version) throw new MissingBlobError(name, KIND);
    const read = (range: ByteRange) => this.#read(`read "${name}"`, () => readRecords(this.#database, name, version, range));
    return {
      bytes: version.bytes,
      read: async (offset, length) => await read(checkRange(version.bytes, offset, length)),
      // The database queues requests itself: all at once is its fastest way.
      readMany: async (ranges) => await Promise.all(ranges.map(({ offset, length }) => checkRange(version.bytes, offset, length)).map(read)),
      close() {},
    };
  }

  async create(name: string): Promise<BlobWriter> {
    checkBlobName(name);
    const id = crypto.randomUUID();
    await this.#read(`create "${name}"`, () => this.#database.put("pending", Date.now(), id));
    return new IndexedDbWriter(this.#database, name, id);
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    const [names, versions] = await this.#read("list its blobs", () => {
      const { store } = this.#database.transaction("names");
      return Promise.all([store.getAllKeys(), store.getAll()]);
    });
    // Keys come in code-unit order.
    return names.flatMap((name, index) => (name.startsWith(prefix) ? [{ name, bytes: versions[index]!.bytes }] : []));
  }

  async remove(name: string): Promise<void> {
    checkBlobName(name);
    await this.#read(`remove "${name}"`, async () => {
      const transaction = this.#database.transaction(["names", "records"], "readwrite");
      const version = await transaction.objectStore("names").get(name);
      const deletions = version ? [transaction.objectStore("records").delete(recordsOf(version.id)), transaction.objectStore("names").delete(name)] : [];
      await Promise.all([...deletions, transaction.done]);
    });
  }

  close(): void {
    this.#database.close();
  }

  async #read<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw storageFailure(KIND, action, cause);
    }
  }
}

function recordsOf(id: string, first = 0, last = Number.MAX_SAFE_INTEGER): IDBKeyRange {
  return IDBKeyRange.bound([id, first], [id, last]);
}

async function readRecords(database: Database, name: string, { id }: Version, { offset, length }: ByteRange) {
  const bytes = new Uint8Array(length);
  if (length === 0) return bytes;
  const first = Math.floor(offset / RECORD_BYTES);
  const last = Math.floor((offset + length - 1) / RECORD_BYTES);
  const records = await database.getAll("records", recordsOf(id, first, last));
  // The version was replaced or removed: all of its records went in one transaction, so a part of them is never seen.
  if (records.length !== last - first + 1) throw new MissingBlobError(name, KIND);
  for (const [index, record] of records.entries()) {
    const recordStart = (first + index) * RECORD_BYTES;
    const from = Math.max(offset - recordStart, 0);
    const to = Math.min(offset + length - recordStart, record.length);
    bytes.set(record.subarray(from, to), recordStart + from - offset);
  }
  return bytes;
}

async function removeAbandoned(database: Database): Promise<void> {
  const transaction = database.transaction(["pending", "records"], "readwrite");
  for await (const cursor of transaction.objectStore("pending")) {
    if (Date.now() - cursor.value < ABANDONED_AFTER_MS) continue;
    await Promise.all([transaction.objectStore("records").delete(recordsOf(cursor.key)), cursor.delete()]);
  }
  await transaction.done;
}

class IndexedDbWriter implements BlobWriter {
  #bytes = 0;
  #ended = false;
  /** Bytes that do not fill a record yet. */
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(RECORD_BYTES);
  #restBytes = 0;
  #records = 0;
  readonly #database: Database;
  readonly #name: string;
  readonly #id: string;

  constructor(database: Database, name: string, id: string) {
    this.#database = database;
    this.#name = name;
    this.#id = id;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (this.#ended) throw new DisposedError("blob writer");
    this.#bytes += chunk.length;
    const full: Uint8Array<ArrayBuffer>[] = [];
    for (let from = 0; from < chunk.length; ) {
      const taken = Math.min(RECORD_BYTES - this.#restBytes, chunk.length - from);
      this.#rest.set(chunk.subarray(from, from + taken), this.#restBytes);
      this.#restBytes += taken;
      from += taken;
      if (this.#restBytes < RECORD_BYTES) break;
      full.push(this.#rest);
      this.#rest = new Uint8Array(RECORD_BYTES);
      this.#restBytes = 0;
      if (full.length === RECORDS_PER_TRANSACTION) await this.#put(full.splice(0));
    }
    if (full.length > 0) await this.#put(full);
  }

  async commit(): Promise<void> {
    if (this.#ended) throw new DisposedError("blob writer");
    this.#ended = true;
    try {
      // Strict: when this returns, the blob survives a power cut, and so does everything that was written before it.
      const transaction = this.#database.transaction(["names", "records", "pending"], "readwrite", { durability: "strict" });
      const names = transaction.objectStore("names");
      const records = transaction.objectStore("records");
      const earlier = await names.get(this.#name);
      await Promise.all([
        this.#restBytes > 0 ? records.put(this.#rest.slice(0, this.#restBytes), [this.#id, this.#records]) : undefined,
        earlier ? records.delete(recordsOf(earlier.id)) : undefined,
        names.put({ id: this.#id, bytes: this.#bytes }, this.#name),
        transaction.objectStore("pending").delete(this.#id),
        transaction.done,
      ]);
    } catch (cause) {
      await this.#discard();
      throw storageFailure(KIND, `commit "${this.#name}"`, cause);
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#discard();
  }

  async #put(records: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    try {
      const transaction = this.#database.transaction("records", "readwrite");
      await Promise.all([...records.map((record) => transaction.store.put(record, [this.#id, this.#records++])), transaction.done]);
    } catch (cause) {
      throw storageFailure(KIND, `write "${this.#name}"`, cause);
    }
  }

  async #discard(): Promise<void> {
    try {
      const transaction = this.#database.transaction(["records", "pending"], "readwrite");
      const records = transaction.objectStore("records").delete(recordsOf(this.#id));
      await Promise.all([records, transaction.objectStore("pending").delete(this.#id), transaction.done]);
    } catch {
      // What cannot be deleted now is deleted as abandoned when the store is opened a day later.
    }
  }
}
