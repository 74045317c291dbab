/** Progress of anything that takes long. */

/** What is going on: files come, a backend is made ready, its known answers are computed, texts are encoded, … */
export type ProgressPhase = "download" | "prepare" | "self-test" | "encode" | "index" | "train" | "evaluate" | "build";

/** One report. `loaded` and `total` count `unit`s; `total` may grow while it is still being found out. */
export interface ProgressEvent {
  readonly phase: ProgressPhase;
  readonly loaded: number;
  readonly total: number;
  readonly unit: "bytes" | "texts" | "tokens" | "steps";
  /** The file at hand for downloads, the tensor at hand for builds. */
  readonly file?: string | undefined;
  /** While an index grows: documents that are in it for good, of all that are to be added. */
  readonly documents?: { readonly committed: number; readonly total: number } | undefined;
  /** While an index grows or heads are trained: how long the rest takes at the speed so far, in milliseconds; undefined before anything is known. */
  readonly remainingMs?: number | undefined;
  /** How fast bytes came over the network in the last seconds; of downloads, once they have gone on for a moment. */
  readonly bytesPerSecond?: number | undefined;
  /** While heads are trained: a point of the learning curves. */
  readonly training?: TrainingPoint | undefined;
  /** Something went otherwise than one would think, but went on. The numbers are those of the report before. */
  readonly notice?: ProgressNotice | undefined;
}

/** What a step of training gave: its losses, or the scores of the heads after it on the pairs that the best step is chosen by. */
export interface TrainingPoint {
  /** From 1; 0 for scores of the heads that were there before. */
  readonly step: number;
  /** The whole loss, and the cross-entropies of the heads; null for a head that the model has not. */
  readonly losses?: { readonly all: number; readonly lexical: number | null; readonly colbert: number | null } | undefined;
  /** Mean reciprocal ranks, from 0 to 1. */
  readonly dev?: { readonly dense: number; readonly lexical: number | null; readonly colbert: number | null; readonly combined: number } | undefined;
}

/**
 * `offline`: the server could not be asked, and the stored model is used. `storage-full`, `storage-unavailable`: files are kept in memory only.
 * `stored-file-damaged`: a stored file was thrown away and is downloaded again.
 */
export interface ProgressNotice {
  readonly code: "offline" | "storage-full" | "storage-unavailable" | "stored-file-damaged";
  /** For people. */
  readonly message: string;
}

/** Hears reports, one after another. */
export type ProgressListener = (event: ProgressEvent) => void;
