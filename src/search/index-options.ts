/** How an index is opened, what it may cost, and what it tells about itself. */
import type { WriterLock } from "#core/writer-lock.ts";
import type { Kernels } from "#scoring/kernels/instance.ts";
import type { MaxsimBackend } from "#scoring/maxsim/backend.ts";
import type { SegmentPart } from "./segment/write-segment.ts";
import type { IndexSettings } from "./settings.ts";

export interface OpenIndexOptions {
  /** What the index holds. An index that is there already must hold the same. */
  readonly settings: IndexSettings;
  /** For messages and for the lock. Default "index". */
  readonly name?: string | undefined;
  /** Shared by all that write to the store. Without it this object must be the only writer; a second one's changes are refused as conflicts. */
  readonly lock?: WriterLock | undefined;
  /** Default: an instance of its own. */
  readonly kernels?: Kernels | undefined;
  /**
   * Scores MaxSim of the best candidates, for example a GpuMaxsim on the device that the encoder has. When it fails once, the kernels take its place. Default:
   * the kernels.
   */
  readonly maxsim?: MaxsimBackend | undefined;
  readonly tuning?: Partial<IndexTuning> | undefined;
}

/** How much memory and reading a search may cost. */
export interface IndexTuning {
  /** From this many documents on, opening reads 1-bit sketches of dense vectors instead of the vectors. Default 16,384. */
  readonly sketchFromDocuments: number;
  /** After the first search with sketches the vectors are loaded anyway when they take no more than this. Default 64 MiB; 0 never loads them. */
  readonly residentBytes: number;
  /** Inverted lists, token vectors and texts of hits that were read are kept, up to this many bytes. Default 32 MiB. */
  readonly cacheBytes: number;
}

export const DEFAULT_TUNING: IndexTuning = { sketchFromDocuments: 16_384, residentBytes: 64 << 20, cacheBytes: 32 << 20 };

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
