/**
 * Notices that a worker is gone, or hangs. Browsers tell of uncaught errors only: a worker that they end for want of memory is simply silent.
 *
 * Gone: the worker holds a Web Lock for as long as it lives, and this side waits for the same; it gets it when the worker has ended, at once and never by
 * mistake, whether anybody waits for an answer or not.
 *
 * Hangs: while somebody waits, the worker is pinged. It may be deaf for the whole of a batch, so the limit is far above what any machine needs for the longest
 * one, and counts this page's own ticks, not the clock: the time that a page or the whole machine was asleep does not count against the worker.
 */
import type { Liveness } from "#worker/protocol.ts";

const TICK_MS = 5000;

export interface WatchOptions {
  readonly remote: { [method in keyof Liveness]: (...args: Parameters<Liveness[method]>) => Promise<void> };
  /** How long a ping may go without an answer, in milliseconds. Asked at each tick: what is known of the model decides. */
  readonly silenceLimitMs: () => number;
  /** Called at most once, with what is known. */
  readonly onLost: (reason: string) => void;
}

export class WorkerWatch {
  readonly #options: WatchOptions;
  readonly #stopped = new AbortController();
  #waiting: AbortController | undefined;

  /** Begins to wait for the end of the worker. */
  constructor(options: WatchOptions) {
    this.#options = options;
    void this.#waitForEnd(this.#stopped.signal);
  }

  /** Whether somebody waits for an answer. */
  set waiting(waiting: boolean) {
    if (waiting === (this.#waiting !== undefined)) return;
    this.#waiting?.abort();
    this.#waiting = waiting ? new AbortController() : undefined;
    if (this.#waiting) this.#waitForAnswers(this.#waiting.signal);
  }

  /** The worker is ended on purpose. */
  stop(): void {
    this.waiting = false;
    this.#stopped.abort();
  }

  async #waitForEnd(signal: AbortSignal): Promise<void> {
    const { locks } = globalThis.navigator ?? {};
    if (!locks) return;
    const lock = `bge-m3-web/worker-${crypto.randomUUID()}`;
    try {
      await this.#options.remote.hold(lock);
      await locks.request(lock, { signal }, () => {});
    } catch {
      // Stopped; or there are no locks for this page.
      return;
    }
    this.#options.onLost("the browser has ended it.");
  }

  #waitForAnswers(signal: AbortSignal): void {
    const { remote, silenceLimitMs, onLost } = this.#options;
    let silentTicks = 0;
    let asked = false;
    const timer = setInterval(() => {
      if (!asked) {
        asked = true;
        silentTicks = 0;
        void remote.ping().then(() => {
          asked = false;
        });
        return;
      }
      silentTicks++;
      if (silentTicks * TICK_MS < silenceLimitMs()) return;
      clearInterval(timer);
      onLost(`it has not answered for ${Math.round((silentTicks * TICK_MS) / 60_000)} minutes.`);
    }, TICK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }
}
