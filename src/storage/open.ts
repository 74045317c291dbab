/** Chooses where blobs are stored: the private file system, else IndexedDB, else memory; the Cache API where it is asked for. Each candidate proves itself by writing, reading and deleting a blob. */
import { type ByteStore, readBlob, writeBlob } from "#core/byte-store.ts";
import { InvalidInputError, M3Error, StorageError } from "#core/errors.ts";
import { CacheApiStore } from "./cache-api.ts";
import { IndexedDbStore } from "./indexeddb.ts";
import { MemoryStore } from "./memory.ts";
import { OpfsStore } from "./opfs.ts";

export type StoreKind = "opfs" | "indexeddb" | "cache-api" | "memory";

/** One store that was considered, in the order of trying. */
export interface StoreAttempt {
  readonly kind: StoreKind;
  readonly outcome: "chosen" | "failed";
  /** For people. */
  readonly reason: string;
}

export interface OpenedStore {
  readonly store: ByteStore;
  readonly attempts: readonly StoreAttempt[];
}

export interface OpenStoreOptions {
  /** Which stores to try, best first. Default: opfs, indexeddb, memory. */
  readonly kinds?: readonly StoreKind[] | undefined;
}

/** All stores of this package lie below this folder, or in databases whose names begin with it. */
export const ROOT = "bge-m3-web";
const STORE_NAME = /^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64})*$/;
const PROBE = "probe";

const adapters: Readonly<Record<StoreKind, (name: string) => Promise<ByteStore>>> = {
  opfs: (name) => OpfsStore.open([ROOT, ...name.split("/")]),
  indexeddb: (name) => IndexedDbStore.open(`${ROOT}/${name}`),
  "cache-api": (name) => CacheApiStore.open(`${ROOT}/${name}`),
  memory: async () => new MemoryStore(),
};

/**
 * Opens the store of that name with the first adapter that works.
 * @param name parts of letters, digits, "_" and "-", separated by "/"; stores of different names share nothing
 * @throws StorageError when none of the kinds works; InvalidInputError for another name
 */
export async function openStore(name: string, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  if (!STORE_NAME.test(name)) throw new InvalidInputError("name", `a store name matching ${STORE_NAME.source}`, name);
  const kinds = options.kinds ?? ["opfs", "indexeddb", "memory"];
  const attempts: StoreAttempt[] = [];
  let lastFailure: unknown;
  for (const kind of kinds) {
    try {
      const store = await adapters[kind](name);
      await prove(store);
      attempts.push({ kind, outcome: "chosen", reason: "a trial blob was written, read and removed" });
      return { store, attempts };
    } catch (failure) {
      lastFailure = failure;
      attempts.push({ kind, outcome: "failed", reason: failure instanceof Error ? failure.message : String(failure) });
    }
  }
  throw new StorageError(kinds.join(", "), "be opened", { cause: lastFailure });
}

/** @throws M3Error when the store does not give back what it took. */
async function prove(store: ByteStore): Promise<void> {
  // A name of its own: another tab may be proving the same store.
  const name = `${PROBE}-${crypto.randomUUID()}`;
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  try {
    await writeBlob(store, name, bytes);
    const back = await readBlob(store, name);
    if (back.length !== bytes.length || back.some((byte, index) => byte !== bytes[index])) {
      throw new M3Error("storage-failed", `The ${store.kind} store gave back other bytes than it took.`, { store: store.kind });
    }
    await store.remove(name);
  } catch (failure) {
    store.close();
    throw failure;
  }
}
