/** Adds up the bytes of several downloads into one progress that never goes back. */
import type { FileEntry } from "#core/manifest.ts";
import type { ProgressListener, ProgressNotice } from "#core/progress.ts";

/** Reports are this far apart, as a part of the total: enough for a smooth bar, few enough to cross a worker boundary. */
const STEP = 0.01;

/** The rate is that of the last seconds, so that it neither jumps with every piece nor remembers a better line. */
const RATE_WINDOW_MS = 3000;
/** Before this there is nothing to be said about a rate. */
const RATE_FROM_MS = 250;

export class DownloadProgress {
  readonly #listener: ProgressListener;
  readonly #loadedByFile = new Map<string, number>();
  #loaded = 0;
  #total = 0;
  #reported = 0;

  readonly #now: () => number;
  /** Bytes that came over the network until then. */
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  #transferred = 0;

  /** @param now a clock, in milliseconds */
  constructor(listener: ProgressListener, now: () => number = () => performance.now()) {
    this.#listener = listener;
    this.#now = now;
  }

  /** Something that the user may want to know, at once and beside the count. */
  notice(notice: ProgressNotice): void {
    this.#listener({ phase: "download", loaded: this.#loaded, total: this.#total, unit: "bytes", notice });
  }

  /** Counts a file into the total. Before the first of a group is read, so that the total does not grow under the eyes of the reader. */
  expect(entry: FileEntry): void {
    if (this.#loadedByFile.has(entry.file)) return;
    this.#loadedByFile.set(entry.file, 0);
    this.#total += entry.bytes;
  }

  /**
   * The first `loaded` bytes of a file are here. A smaller number than before (a second try) is passed over.
   * @param wereHere they were stored, and say nothing about the rate
   */
  advance(entry: FileEntry, loaded: number, wereHere = false): void {
    this.expect(entry);
    const before = this.#loadedByFile.get(entry.file)!;
    if (loaded <= before) return;
    if (!wereHere) this.#sample(loaded - before);
    this.#loadedByFile.set(entry.file, loaded);
    this.#loaded += loaded - before;
    if (this.#loaded < this.#total && this.#loaded - this.#reported < this.#total * STEP) return;
    this.#reported = this.#loaded;
    const bytesPerSecond = this.#rate();
    const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond };
    this.#listener({ phase: "download", loaded: this.#loaded, total: this.#total, unit: "bytes", file: entry.file, ...rate });
  }

  #sample(bytes: number): void {
    const at = this.#now();
    // After a pause in which nothing was asked for, the rate begins anew.
    if (at - (this.#samples.at(-1)?.at ?? at) > RATE_WINDOW_MS) this.#samples.length = 0;
    if (this.#samples.length === 0) this.#samples.push({ at, bytes: this.#transferred });
    this.#transferred += bytes;
    this.#samples.push({ at, bytes: this.#transferred });
    // One sample from before the window stays: the window begins with it.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - RATE_WINDOW_MS) this.#samples.shift();
  }

  #rate(): number | undefined {
    const first = this.#samples[0];
    const elapsedMs = first ? this.#now() - first.at : 0;
    return first && elapsedMs >= RATE_FROM_MS ? ((this.#transferred - first.bytes) / elapsedMs) * 1000 : undefined;
  }
}
