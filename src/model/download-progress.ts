/** Adds up the bytes of several downloads into one progress that never goes back. */
import type { FileEntry } from "#core/manifest.ts";
import type { ProgressListener, ProgressNotice } from "#core/progress.ts";

/** Reports are this far apart, as a part of the total: enough for a smooth bar, few enough to cross a worker boundary. */
const STEP = 0.01;

export class DownloadProgress {
  readonly #listener: ProgressListener;
  readonly #loadedByFile = new Map<string, number>();
  #loaded = 0;
  #total = 0;
  #reported = 0;

  constructor(listener: ProgressListener) {
    this.#listener = listener;
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

  /** The first `loaded` bytes of a file are here. A smaller number than before (a second try) is passed over. */
  advance(entry: FileEntry, loaded: number): void {
    this.expect(entry);
    const before = this.#loadedByFile.get(entry.file)!;
    if (loaded <= before) return;
    this.#loadedByFile.set(entry.file, loaded);
    this.#loaded += loaded - before;
    if (this.#loaded < this.#total && this.#loaded - this.#reported < this.#total * STEP) return;
    this.#reported = this.#loaded;
    this.#listener({ phase: "download", loaded: this.#loaded, total: this.#total, unit: "bytes", file: entry.file });
  }
}
