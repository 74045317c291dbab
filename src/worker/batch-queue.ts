/**
 * Lets several calls share one session, a batch at a time: between two batches of a long list, a question gets its turn.
 *
 * Each call sees a session of its own. Of the batches that wait, questions go first, and within a rank the call that was served longest ago; so that a
 * stream of questions cannot stop a list for ever, the list gets every {@link QUERY_STREAK}th turn.
 *
 * Not the engine's own queue: that one keeps two runs from overlapping, this one chooses which is next.
 */
import { nextMessageTurn } from "#core/event-loop.ts";
import type { EncoderSession, RunOptions, TokenBatch, TokenBatchResult } from "#core/session.ts";
import type { Urgency } from "./protocol.ts";

/** Batches of questions in a row while a list waits. */
const QUERY_STREAK = 8;

/** One call's place in the queue. */
interface Line {
  readonly urgency: Urgency;
  lastServed: number;
}

interface Waiting {
  readonly line: Line;
  readonly run: () => Promise<void>;
}

export class BatchQueue {
  readonly #session: EncoderSession;
  readonly #nextTurn: () => Promise<void>;
  readonly #waiting: Waiting[] = [];
  #turn = 0;
  #queriesInARow = 0;
  #running = false;

  /**
   * @param nextTurn resolves when messages that have arrived meanwhile were handled. A run may block the thread and resolve in a microtask: without a
   *   pause between two, neither a question nor a cancellation would be heard before the last batch.
   */
  constructor(session: EncoderSession, nextTurn: () => Promise<void> = nextMessageTurn) {
    this.#session = session;
    this.#nextTurn = nextTurn;
  }

  /** The session as one call sees it. Its `dispose` does nothing: the session belongs to the queue's owner. */
  session(urgency: Urgency): EncoderSession {
    const line = { urgency, lastServed: 0 };
    const session = this.#session;
    return {
      // Another engine may run it tomorrow.
      get info() {
        return session.info;
      },
      run: (batch, options = {}) => this.#enqueue(line, batch, options),
      dispose: async () => {},
    };
  }

  #enqueue(line: Line, batch: TokenBatch, options: RunOptions): Promise<TokenBatchResult> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const waiting: Waiting = {
        line,
        run: async () => {
          signal?.removeEventListener("abort", leave);
          try {
            resolve(await this.#session.run(batch, options));
          } catch (error) {
            reject(error);
          }
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      if (!this.#running) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await this.#nextTurn();
      const next = this.#takeNext();
      if (!next) break;
      next.line.lastServed = ++this.#turn;
      await next.run();
    }
    this.#running = false;
  }

  #takeNext(): Waiting | undefined {
    const lists = this.#waiting.filter(({ line }) => line.urgency === "corpus");
    const queries = this.#waiting.filter(({ line }) => line.urgency === "query");
    const listIsDue = lists.length > 0 && this.#queriesInARow >= QUERY_STREAK;
    const candidates = queries.length === 0 || listIsDue ? lists : queries;
    const longestAgo = Math.min(...candidates.map(({ line }) => line.lastServed));
    const next = candidates.find(({ line }) => line.lastServed === longestAgo);
    if (!next) return undefined;
    this.#queriesInARow = candidates === queries ? this.#queriesInARow + 1 : 0;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    return next;
  }
}
