/** Pauses between the tries of a download: twice as long each time, each shortened by chance so that the tabs and users of a server that was away do not come back together. */
import { abortable } from "#core/abort.ts";
import { M3Error } from "#core/errors.ts";

export interface BackoffOptions {
  /** The first pause, in milliseconds. Default 300. */
  readonly retryDelayMs?: number | undefined;
  /** Failures in a row that are answered with another try. Default 5: some nine seconds. */
  readonly retries?: number | undefined;
}

/** A server that asks for more patience than this is told again all the same. */
const LONGEST_PAUSE_MS = 30_000;

export class Backoff {
  readonly #delayMs: number;
  readonly #retries: number;
  #failures = 0;

  constructor({ retryDelayMs = 300, retries = 5 }: BackoffOptions = {}) {
    this.#delayMs = retryDelayMs;
    this.#retries = retries;
  }

  /** Whether the next try is the last one. */
  get lastTry(): boolean {
    return this.#failures === this.#retries;
  }

  /** The try had some success: the failures before it do not count. */
  reset(): void {
    this.#failures = 0;
  }

  /** Waits until it is time for the next try. @throws `error` when there were enough; the signal's reason */
  async pause(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (this.#failures++ >= this.#retries) throw error;
    const doubled = this.#delayMs * 2 ** (this.#failures - 1);
    const wanted = error instanceof M3Error && typeof error.fields.retryAfterMs === "number" ? error.fields.retryAfterMs : 0;
    const pauseMs = Math.min(Math.max(doubled * (0.75 + Math.random() / 4), wanted), LONGEST_PAUSE_MS);
    await abortable(new Promise((resolve) => setTimeout(resolve, pauseMs)), signal);
  }
}

/** Whether another try may end better: a network failure, or an answer that says so. */
export function isTransient(error: unknown): boolean {
  return error instanceof M3Error && error.fields.transient === true;
}
