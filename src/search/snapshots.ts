/** The snapshots of an open index: the one at hand, those that searches still hold, and how a newer one takes the place of an older. */
import type { ByteStore } from "#core/byte-store.ts";
import { DisposedError, MissingBlobError } from "#core/errors.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { ByteCache } from "./format/byte-cache.ts";
import type { IndexTuning } from "./index-options.ts";
import { removeUnused } from "./index-writer.ts";
import { type IndexMeta, readMeta, referencedFiles } from "./meta.ts";
import { checkSameSettings, type IndexSettings } from "./settings.ts";
import { Snapshot } from "./snapshot.ts";

/** How often to look again when another tab changes the index between reading its meta file and opening what that names. */
const REFRESH_TRIES = 5;

export class Snapshots {
  readonly #store: ByteStore;
  readonly #kernels: Kernels;
  readonly #cache: ByteCache;
  readonly #tuning: IndexTuning;
  /** Every snapshot that somebody still uses. */
  readonly #inUse = new Set<Snapshot>();
  #current: Snapshot;
  #closed = false;

  private constructor(store: ByteStore, kernels: Kernels, cache: ByteCache, tuning: IndexTuning, current: Snapshot) {
    this.#store = store;
    this.#kernels = kernels;
    this.#cache = cache;
    this.#tuning = tuning;
    this.#current = current;
    this.#inUse.add(current);
  }

  /** @param wanted settings for an empty store, and to be met by an index that is there @throws IndexMismatchError; CorruptIndexError; NewerIndexError */
  static async open(store: ByteStore, kernels: Kernels, wanted: IndexSettings, tuning: IndexTuning, cache: ByteCache): Promise<Snapshots> {
    const snapshots = new Snapshots(store, kernels, cache, tuning, await openSnapshot(store, kernels, cache, wanted));
    try {
      await snapshots.#loadVectors(snapshots.current);
    } catch (error) {
      snapshots.close();
      throw error;
    }
    return snapshots;
  }

  /** As of the snapshot at hand: `HybridIndex.replaceAll` changes them. */
  get settings(): IndexSettings {
    return this.#current.meta.settings;
  }

  /** The newest that was taken over. Whoever awaits while using it acquires it. */
  get current(): Snapshot {
    return this.#current;
  }

  /** Runs a read on the snapshot at hand; once more on a newer one when another tab has removed its files meanwhile. */
  async read<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const snapshot = this.#current.acquire();
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

  /** Takes over what others have committed. @returns whether there was anything new @throws DisposedError when it was closed, maybe during a read */
  async refresh(): Promise<boolean> {
    if (this.#closed) throw new DisposedError("index");
    const before = this.#current.acquire();
    try {
      const meta = await readMeta(this.#store);
      if (!meta || meta.generation === before.meta.generation) return false;
      await this.#replace(await openSnapshot(this.#store, this.#kernels, this.#cache, this.settings, before));
      return true;
    } finally {
      this.#release(before);
    }
  }

  /** Goes on from a change that was just committed, and clears up after it. */
  async take(meta: IndexMeta): Promise<void> {
    const before = this.#current.acquire();
    await this.#replace(await Snapshot.open(this.#store, this.#kernels, this.#cache, meta, before));
    // `before` is still in use here, so its files stay as well: other tabs may not have noticed the new generation.
    const cleared = this.clearUp();
    this.#release(before);
    await cleared;
  }

  /** Removes files that no snapshot in use names. */
  async clearUp(): Promise<void> {
    const keep = new Set([...this.#inUse].flatMap((snapshot) => [...referencedFiles(snapshot.meta)]));
    await removeUnused(this.#store, keep);
  }

  /** Lets go of the snapshot at hand; those that searches hold go with them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release(this.#current);
  }

  /** Loads the dense vectors if they take no more than they may: then searches need no reads of single rows. */
  async loadRows({ segments }: Snapshot): Promise<void> {
    const bytes = segments.reduce((sum, { files }) => sum + files.rowBytes, 0);
    if (bytes > this.#tuning.residentBytes) return;
    await Promise.all(segments.map(({ files }) => (files.isOpen ? files.loadRows() : undefined)));
  }

  /** The same when the answer at hand is on its way. */
  loadRowsLater(snapshot: Snapshot): void {
    if (snapshot.segments.every(({ files }) => !files.dense || files.rows)) return;
    // A failure here is met again by the search that needs the vectors, and told there.
    setTimeout(() => this.loadRows(snapshot).catch(() => undefined));
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
    const older = snapshot.meta.generation > this.#current.meta.generation && !this.#closed ? this.#current : snapshot;
    if (older !== snapshot) this.#current = snapshot;
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
