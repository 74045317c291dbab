/** The index as it was at one moment: a search holds one, so a writer that goes on meanwhile changes nothing for it. */
import type { ByteStore } from "#core/byte-store.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { ByteCache } from "./format/byte-cache.ts";
import type { IndexMeta, SegmentEntry } from "./meta.ts";
import { Deletions } from "./segment/deletions.ts";
import { SegmentFiles } from "./segment/segment-files.ts";

export interface LiveSegment {
  readonly entry: SegmentEntry;
  readonly files: SegmentFiles;
  readonly deletions: Deletions;
}

export class Snapshot {
  readonly meta: IndexMeta;
  readonly segments: readonly LiveSegment[];
  #users = 1;

  private constructor(meta: IndexMeta, segments: readonly LiveSegment[]) {
    this.meta = meta;
    this.segments = segments;
  }

  /**
   * Opens what the meta file names; segments that `before` has as well are shared with it.
   * @throws MissingBlobError when another tab has changed the index since the meta file was read; CorruptIndexError
   */
  static async open(store: ByteStore, kernels: Kernels, cache: ByteCache, meta: IndexMeta, before?: Snapshot): Promise<Snapshot> {
    const segments: LiveSegment[] = [];
    try {
      for (const entry of meta.segments) {
        const known = before?.segments.find(({ files }) => files.name === entry.name);
        const files = known ? known.files.acquire() : await SegmentFiles.open(store, kernels, cache, entry);
        // Pushed before its deletions are read, so that a failure there releases it.
        const live = { entry, files, deletions: Deletions.none(entry.documents) };
        segments.push(live);
        if (entry.deletions === null) continue;
        const same = known?.entry.deletions === entry.deletions;
        live.deletions = same ? known.deletions : await Deletions.read(store, entry.deletions, entry.documents);
      }
      return new Snapshot(meta, segments);
    } catch (error) {
      for (const { files } of segments) files.release();
      throw error;
    }
  }

  /** Documents that are not deleted. */
  get documents(): number {
    return this.segments.reduce((sum, { entry, deletions }) => sum + entry.documents - deletions.count, 0);
  }

  acquire(): this {
    this.#users++;
    return this;
  }

  /** @returns whether that was the last user */
  release(): boolean {
    this.#users--;
    if (this.#users > 0) return false;
    for (const { files } of this.segments) files.release();
    return true;
  }
}
