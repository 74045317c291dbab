/** How far a command is, as one line on a terminal that is drawn over and over. Nothing where there is no terminal. */
import type { ProgressEvent } from "#core/progress.ts";

const BAR_CELLS = 24;
/** A terminal needs no more than this, and drawing costs time. */
const MIN_INTERVAL_MS = 80;

interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export class ProgressLine {
  readonly #terminal: Terminal | undefined;
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #drawn = false;

  /** @param quiet never draw */
  constructor(quiet: boolean, terminal: Terminal = process.stderr) {
    this.#terminal = quiet || !terminal.isTTY ? undefined : terminal;
  }

  /** Draws, unless it did so a moment ago. */
  readonly show = (event: ProgressEvent): void => {
    const now = performance.now();
    if (!this.#terminal || (now - this.#lastDrawn < MIN_INTERVAL_MS && event.loaded < event.total)) return;
    this.#lastDrawn = now;
    this.#drawn = true;
    this.#terminal.write(`\r\x1b[K${formatProgress(event).slice(0, (this.#terminal.columns ?? 80) - 1)}`);
  };

  /** Takes the line away, so that other output begins on a clean one. */
  clear(): void {
    if (this.#drawn) this.#terminal?.write("\r\x1b[K");
    this.#drawn = false;
  }
}

/** `encode  ████████████░░░░░░░░░░░░  50 %  1.2 of 2.4 MB` */
export function formatProgress({ phase, loaded, total, unit, file, remainingMs }: ProgressEvent): string {
  const share = total > 0 ? Math.min(1, loaded / total) : 0;
  const filled = Math.round(share * BAR_CELLS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  const amount = unit === "bytes" ? `${megabytes(loaded)} of ${megabytes(total)} MB` : `${loaded} of ${total} ${unit}`;
  const parts = total > 0 ? [phase, bar, `${Math.floor(100 * share)} %`, amount] : [phase, `${loaded} ${unit}`];
  return [...parts, ...(file ? [file] : []), ...(remainingMs === undefined ? [] : [`${formatDuration(remainingMs)} left`])].join("  ");
}

/** Not finer than one would read it: "40 s", "3 min", "2 h 5 min". */
function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
