/** The indexes that a worker has open, by the handles of the main thread, and those that are stored. */
import type { ByteStore } from "#core/byte-store.ts";
import { IndexMismatchError, InvalidInputError, WorkerLostError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { WriterLock } from "#core/writer-lock.ts";
import { META_FILE } from "#search/meta.ts";
import { MemoryLock, WebLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { listStores, useStore, whileUnused } from "#storage/named-stores.ts";
import { openStore } from "#storage/open.ts";
import { type IndexCall, TextIndex } from "#texts/text-index.ts";
import type { StoredDocument } from "#texts/types.ts";
import type { IndexAnswer, IndexOperation, IndexRequest } from "./index-protocol.ts";

/** Where an index is kept. */
export interface IndexPlace {
  readonly store: ByteStore;
  readonly lock: WriterLock;
  /** Others may remove it when this resolves. */
  readonly release: () => Promise<void>;
}

const FOLDER = "indexes";
/** Memory is no choice here: an index that must stay, and cannot, is an error. */
const KINDS = ["opfs", "indexeddb"] as const;
const storeName = (index: string) => `${FOLDER}/${index}`;

/** @throws StorageError where nothing outlives the page */
export async function openIndexPlace({ name, storage }: Pick<IndexRequest, "name" | "storage">): Promise<IndexPlace> {
  if (storage === "memory") return { store: new MemoryStore(), lock: new MemoryLock(), release: async () => {} };
  const release = await useStore(storeName(name));
  try {
    return { store: (await openStore(storeName(name), { kinds: KINDS })).store, lock: new WebLock(), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** How an index is opened that is not open yet. */
interface Opening {
  /** Whether it is the main thread's first call; an index in memory can be opened by that only. */
  readonly isFirst: boolean;
  /** Whether its vectors may be of another model. */
  readonly foreign: boolean;
  readonly manifest: Manifest;
}

/** What makes vectors, or compares them. */
const NEEDS_THE_MODEL: ReadonlySet<IndexOperation["kind"]> = new Set(["open", "add", "update", "search"]);

interface OpenIndex {
  readonly index: TextIndex;
  readonly release: () => Promise<void>;
}

export class IndexService {
  readonly #openPlace: typeof openIndexPlace;
  readonly #open = new Map<string, Promise<OpenIndex>>();

  constructor(openPlace: typeof openIndexPlace = openIndexPlace) {
    this.#openPlace = openPlace;
  }

  async run(request: IndexRequest, operation: IndexOperation, manifest: Manifest, call: IndexCall): Promise<IndexAnswer> {
    if (operation.kind === "close") return await this.#close(request.handle);
    const reencodes = operation.kind === "reencode" || (operation.kind === "open" && operation.reencode === true);
    const { index } = await this.#indexOf(request, { isFirst: operation.kind === "open", foreign: reencodes, manifest });
    if (reencodes) await this.#reencode(index, request, operation.kind === "open", manifest, call);
    // Heads may have been changed since it was opened.
    else if (NEEDS_THE_MODEL.has(operation.kind) && index.fingerprint !== manifest.fingerprint)
      throw new IndexMismatchError("model", index.fingerprint, manifest.fingerprint);
    switch (operation.kind) {
      case "open":
      case "info":
      case "reencode":
        return await index.info();
      case "add":
      case "update": {
        const { kind, key } = operation;
        await index.add(operation.documents, { ...call, kind, key });
        return undefined;
      }
      case "remove":
        return await index.remove(operation.ids, call);
      case "get":
        return await index.get(operation.ids);
      case "search":
        return await index.search(operation.query, operation.options, call);
      case "optimize":
        return void (await index.optimize(call));
    }
  }

  /** All documents of an index, whichever heads its vectors are of. */
  async documents(request: IndexRequest, manifest: Manifest): Promise<StoredDocument[]> {
    const { index } = await this.#indexOf(request, { isFirst: false, foreign: true, manifest });
    const documents: StoredDocument[] = [];
    for await (const some of index.documents()) documents.push(...some);
    return documents;
  }

  /** Names of stored indexes that hold something. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    for (const name of await listStores(FOLDER)) {
      const { store } = await openStore(storeName(name), { kinds: KINDS });
      if ((await store.size(META_FILE)) !== undefined) names.push(name);
      store.close();
    }
    return names;
  }

  /** @throws InvalidInputError when a tab has it open */
  async remove(name: string): Promise<void> {
    const isUnused = await whileUnused(storeName(name), async () => {
      const { store } = await openStore(storeName(name), { kinds: KINDS });
      // Without the meta file there is no index: what is left when this is broken off is left-overs.
      await store.remove(META_FILE);
      for (const blob of await store.list()) await store.remove(blob.name);
      store.close();
    });
    if (!isUnused) throw new InvalidInputError("name", "the name of an index that no tab has open (close it first)", name);
  }

  async #reencode(index: TextIndex, { handle }: IndexRequest, isFirst: boolean, manifest: Manifest, call: IndexCall): Promise<void> {
    try {
      await index.reencode(manifest, call);
    } catch (error) {
      // Who opens it has no handle yet to close.
      if (isFirst) await this.#close(handle);
      throw error;
    }
  }

  #indexOf(request: IndexRequest, how: Opening): Promise<OpenIndex> {
    const known = this.#open.get(request.handle);
    if (known) return known;
    if (request.storage === "memory" && !how.isFirst) {
      throw new WorkerLostError(`the index "${request.name}" was in its memory, and is gone with it: open it and add its documents again.`);
    }
    const opened = this.#openIndex(request, how);
    this.#open.set(request.handle, opened);
    opened.catch(() => this.#open.delete(request.handle));
    return opened;
  }

  async #openIndex(request: IndexRequest, { manifest, foreign }: Opening): Promise<OpenIndex> {
    const { store, lock, release } = await this.#openPlace(request);
    try {
      return { index: await TextIndex.open(request, { manifest, store, lock, foreign }), release };
    } catch (error) {
      store.close();
      await release();
      throw error;
    }
  }

  async #close(handle: string): Promise<undefined> {
    const opened = await this.#open.get(handle);
    this.#open.delete(handle);
    await opened?.index.close();
    await opened?.release();
  }
}
