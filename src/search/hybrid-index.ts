/**
 * An index over the three representations of texts, kept in a byte store: add, update, remove, search. It sees vectors, never texts or a model.
 *
 * Any number of tabs may search; one at a time changes the index (give all of them the same lock). A search works on a snapshot; `refresh` takes over what
 * another tab has committed.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { DisposedError, DuplicateDocumentError, InvalidInputError, MissingBlobError } from "#core/errors.ts";
import type { WriterLock } from "#core/writer-lock.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { checkDocuments, checkId, type IndexDocument } from "./document.ts";
import { ByteCache } from "./format/byte-cache.ts";
import { IndexWriter, removeUnused, type WriteOptions } from "./index-writer.ts";
import { locate } from "./locate.ts";
import { type IndexMeta, readMeta, referencedFiles } from "./meta.ts";
import { planSearch, type SearchOptions, type SearchQuery } from "./query.ts";
import { type Hit, search } from "./search.ts";
import type { DocumentRecord } from "./segment/document-file.ts";
import type { SegmentPart } from "./segment/write-segment.ts";
import { checkSameSettings, checkSettings, type IndexSettings } from "./settings.ts";
import { Snapshot } from "./snapshot.ts";

export interface OpenIndexOptions {
  /** What the index holds. An index that is there already must hold the same. */
  readonly settings: IndexSettings;
  /** For messages and for the lock. Default "index". */
  readonly name?: string | undefined;
  /** Shared by all that write to the store. Without it this object must be the only writer; a second one's changes are refused as conflicts. */
  readonly lock?: WriterLock | undefined;
  /** Default: an instance of its own. */
  readonly kernels?: Kernels | undefined;
  readonly tuning?: Partial<IndexTuning> | undefined;
}

/** How much memory and reading a search may cost. */
export interface IndexTuning {
  /** From this many documents on, opening reads 1-bit sketches of dense vectors instead of the vectors. Default 16,384. */
  readonly sketchFromDocuments: number;
  /** After the first search with sketches the vectors are loaded anyway when they take no more than this. Default 64 MiB; 0 never loads them. */
  readonly residentBytes: number;
  /** Inverted lists and token vectors that were read are kept, up to this many bytes. Default 32 MiB. */
  readonly cacheBytes: number;
}

const DEFAULT_TUNING: IndexTuning = { sketchFromDocuments: 16_384, residentBytes: 64 << 20, cacheBytes: 32 << 20 };

export interface IndexStatistics {
  /** Grows with every change. */
  readonly generation: number;
  readonly documents: number;
  /** Deleted documents that still take room. */
  readonly deleted: number;
  readonly segments: number;
  /** Bytes stored, by what they hold. */
  readonly bytes: Readonly<Record<SegmentPart, number>>;
}

/** How often to look again when another tab changes the index between reading its meta file and opening what that names. */
const REFRESH_TRIES = 5;

export class HybridIndex {
  readonly settings: IndexSettings;
  readonly #store: ByteStore;
  readonly #name: string;
  readonly #lock: WriterLock | undefined;
  readonly #kernels: Kernels;
  readonly #tuning: IndexTuning;
  readonly #cache: ByteCache;
  /** Every snapshot that somebody still uses. */
  readonly #inUse = new Set<Snapshot>();
  #snapshot: Snapshot;
  /** Changes wait for one another. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(store: ByteStore, kernels: Kernels, cache: ByteCache, snapshot: Snapshot, options: OpenIndexOptions) {
    this.settings = snapshot.meta.settings;
    this.#store = store;
    this.#kernels = kernels;
    this.#cache = cache;
    this.#snapshot = snapshot;
    this.#inUse.add(snapshot);
    this.#name = options.name ?? "index";
    this.#lock = options.lock;
    this.#tuning = { ...DEFAULT_TUNING, ...options.tuning };
  }

  /**
   * Opens the index of a store; in an empty store a new one begins with the first change.
   * @throws IndexMismatchError when it was made with other settings; CorruptIndexError; NewerIndexError; InvalidInputError
   */
  static async open(store: ByteStore, options: OpenIndexOptions): Promise<HybridIndex> {
    const settings = checkSettings(options.settings);
    const kernels = options.kernels ?? (await Kernels.create());
    const cache = new ByteCache(options.tuning?.cacheBytes ?? DEFAULT_TUNING.cacheBytes);
    const snapshot = await openSnapshot(store, kernels, cache, settings);
    const index = new HybridIndex(store, kernels, cache, snapshot, options);
    try {
      await index.#loadVectors(snapshot);
    } catch (error) {
      await index.close();
      throw error;
    }
    return index;
  }

  /** Documents that can be found. */
  get documents(): number {
    return this.#snapshot.documents;
  }

  get generation(): number {
    return this.#snapshot.meta.generation;
  }

  statistics(): IndexStatistics {
    const { meta, segments, documents } = this.#snapshot;
    const bytes = { documents: 0, dense: 0, lexical: 0, words: 0, tokens: 0 };
    for (const { entry } of segments) for (const part of Object.keys(bytes) as SegmentPart[]) bytes[part] += entry.files[part] ?? 0;
    const deleted = segments.reduce((sum, { deletions }) => sum + deletions.count, 0);
    return { generation: meta.generation, documents, deleted, segments: segments.length, bytes };
  }

  /**
   * Adds documents in one change: all of them, or none.
   * @throws DuplicateDocumentError when an id is there already, or twice in the list; InvalidInputError; IndexConflictError; the signal's reason
   */
  async add(documents: readonly IndexDocument[], options: WriteOptions = {}): Promise<void> {
    checkDocuments(documents, this.settings);
    await this.#change(options, async (snapshot) => {
      const there = await locate(
        snapshot,
        documents.map(({ id }) => id),
      );
      const [duplicate] = there.keys();
      if (duplicate !== undefined) throw new DuplicateDocumentError(duplicate);
      return documents.length > 0 && { documents, deleted: [] };
    });
  }

  /**
   * Replaces documents of the same ids, and adds those that are not there, in one change.
   * @throws as {@link add}, but an id that is there already is no error
   */
  async update(documents: readonly IndexDocument[], options: WriteOptions = {}): Promise<void> {
    checkDocuments(documents, this.settings);
    await this.#change(options, async (snapshot) => {
      const there = await locate(
        snapshot,
        documents.map(({ id }) => id),
      );
      return documents.length > 0 && { documents, deleted: [...there.values()] };
    });
  }

  /** Removes documents in one change. Ids that are not there are passed over. @returns how many were removed */
  async remove(ids: readonly string[], options: WriteOptions = {}): Promise<number> {
    if (!Array.isArray(ids)) throw new InvalidInputError("ids", "a list of ids", ids);
    for (const [index, id] of ids.entries()) checkId(id, `ids[${index}]`);
    let removed = 0;
    await this.#change(options, async (snapshot) => {
      const there = await locate(snapshot, ids);
      removed = there.size;
      return removed > 0 && { documents: [], deleted: [...there.values()] };
    });
    return removed;
  }

  /** Joins all segments and drops what was deleted: smaller, and fewer reads a search. For indexes that will not change for a while. */
  async optimize(options: WriteOptions = {}): Promise<void> {
    await this.#exclusive(options, async () => {
      while (await this.#mergeStep((writer, snapshot) => writer.mergeAll(snapshot, options)));
    });
  }

  /** Id and stored value of the documents of these ids, in their order; undefined where there is none. */
  async get(ids: readonly string[]): Promise<(DocumentRecord | undefined)[]> {
    return await this.#read(async (snapshot) => {
      const there = await locate(snapshot, ids);
      return await Promise.all(
        ids.map(async (id) => {
          const place = there.get(id);
          return place && (await snapshot.segments[place.segment]!.files.documents.read([place.document]))[0];
        }),
      );
    });
  }

  /** @throws InvalidInputError; the signal's reason; CorruptIndexError */
  async search(query: SearchQuery, options: SearchOptions = {}): Promise<Hit[]> {
    const plan = planSearch(query, options, this.settings);
    return await this.#read(async (snapshot) => {
      const hits = await search(this.#kernels, snapshot, plan);
      this.#loadLater(snapshot);
      return hits;
    });
  }

  /** Takes over what others have committed. @returns whether there was anything new */
  async refresh(): Promise<boolean> {
    this.#check();
    const before = this.#snapshot.acquire();
    try {
      const meta = await readMeta(this.#store);
      if (!meta || meta.generation === before.meta.generation) return false;
      await this.#replace(await openSnapshot(this.#store, this.#kernels, this.#cache, this.settings, before));
      return true;
    } finally {
      this.#release(before);
    }
  }

  /** Waits for the change at hand, then lets go of everything. The store stays open: it is the caller's. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.catch(() => undefined);
    this.#release(this.#snapshot);
    this.#cache.clear();
  }

  #check(): void {
    if (this.#closed) throw new DisposedError("index");
  }

  /** Runs a read on the snapshot at hand; once more on a newer one when another tab has removed its files meanwhile. */
  async #read<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    this.#check();
    for (let attempt = 1; ; attempt++) {
      const snapshot = this.#snapshot.acquire();
      try {
        return await work(snapshot);
      } catch (error) {
        const isStale = error instanceof MissingBlobError && attempt === 1 && (await this.refresh());
        if (!isStale) throw error;
      } finally {
        this.#release(snapshot);
      }
    }
  }

  /** One change and the merges that it calls for. The change itself is done when its meta file is written, whatever happens to the merges. */
  async #change(
    options: WriteOptions,
    plan: (snapshot: Snapshot) => Promise<false | { readonly documents: readonly IndexDocument[]; readonly deleted: Parameters<IndexWriter["apply"]>[2] }>,
  ): Promise<void> {
    await this.#exclusive(options, async () => {
      const change = await plan(this.#snapshot);
      if (!change) return;
      const writer = this.#writer();
      await this.#take(await writer.apply(this.#snapshot, change.documents, change.deleted, options));
      while (!options.signal?.aborted && (await this.#mergeStep((merger, snapshot) => merger.mergeOnce(snapshot, {}))));
    });
  }

  async #mergeStep(merge: (writer: IndexWriter, snapshot: Snapshot) => Promise<IndexMeta | undefined>): Promise<boolean> {
    const meta = await merge(this.#writer(), this.#snapshot);
    if (meta) await this.#take(meta);
    return meta !== undefined;
  }

  #writer(): IndexWriter {
    return new IndexWriter(this.#store, this.#name, this.#snapshot.meta);
  }

  /** Runs a change alone: after those of this object, and with the lock against those of others. */
  async #exclusive(options: WriteOptions, action: () => Promise<void>): Promise<void> {
    this.#check();
    const run = async () => {
      this.#check();
      options.signal?.throwIfAborted();
      await this.refresh();
      await action();
    };
    const lock = this.#lock;
    const turn = this.#queue.then(() => (lock ? lock.withLock(this.#name, run, { signal: options.signal }) : run()));
    this.#queue = turn.catch(() => undefined);
    await turn;
  }

  /** Goes on from a change that was just committed, and clears up after it. */
  async #take(meta: IndexMeta): Promise<void> {
    const before = this.#snapshot.acquire();
    await this.#replace(await Snapshot.open(this.#store, this.#kernels, this.#cache, meta, before));
    // `before` is still in use here, so its files stay as well: other tabs may not have noticed the new generation.
    const keep = new Set([...this.#inUse].flatMap((snapshot) => [...referencedFiles(snapshot.meta)]));
    this.#release(before);
    await removeUnused(this.#store, keep);
  }

  async #replace(snapshot: Snapshot): Promise<void> {
    this.#inUse.add(snapshot);
    try {
      await this.#loadVectors(snapshot);
    } catch (error) {
      this.#release(snapshot);
      throw error;
    }
    // Somebody else may have been faster: a generation never gives way to an older one.
    const older = snapshot.meta.generation > this.#snapshot.meta.generation && !this.#closed ? this.#snapshot : snapshot;
    if (older !== snapshot) this.#snapshot = snapshot;
    this.#release(older);
  }

  #release(snapshot: Snapshot): void {
    if (snapshot.release()) this.#inUse.delete(snapshot);
  }

  /** Loads what the first stage of a search needs: whole vectors of a small index, sketches of a large one. */
  async #loadVectors({ segments, documents }: Snapshot): Promise<void> {
    const whole = documents < this.#tuning.sketchFromDocuments;
    await Promise.all(segments.map(({ files }) => (whole || files.rows ? files.loadRows() : files.loadSketch())));
  }

  /** After an answer from sketches, the vectors may come as well: then the next answers need neither estimates nor reads. */
  #loadLater(snapshot: Snapshot): void {
    const missing = snapshot.segments.filter(({ files }) => files.dense && !files.rows);
    const bytes = snapshot.segments.reduce((sum, { files }) => sum + files.rowBytes, 0);
    if (missing.length === 0 || bytes > this.#tuning.residentBytes) return;
    // A failure here is met again by the search that needs the vectors, and told there.
    for (const { files } of missing) files.loadRows().catch(() => undefined);
  }
}

async function openSnapshot(store: ByteStore, kernels: Kernels, cache: ByteCache, settings: IndexSettings, before?: Snapshot): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    const meta = (await readMeta(store)) ?? { generation: 0, settings, fields: {}, nextName: 1, segments: [] };
    checkSameSettings(meta.settings, settings);
    try {
      return await Snapshot.open(store, kernels, cache, meta, before);
    } catch (error) {
      if (!(error instanceof MissingBlobError) || attempt === REFRESH_TRIES) throw error;
    }
  }
}
