/** Lets others have a turn during long work: a search, or the message that aborts. On stores that answer at once nothing else would, for seconds. */
import { throwIfAborted } from "#core/abort.ts";

/** Work goes on for about this long before it pauses. A pause takes up to 4 ms in browsers. */
const TURN_MS = 50;

export class Pacer {
  readonly #signal: AbortSignal | undefined;
  #began = Date.now();

  constructor(signal?: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Waits for the others when it is time. @throws the signal's reason */
  async pause(): Promise<void> {
    throwIfAborted(this.#signal);
    if (Date.now() - this.#began < TURN_MS) return;
    await nextTurn();
    throwIfAborted(this.#signal);
    this.#began = Date.now();
  }

  /** The same items, with pauses between them. */
  async *each<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      yield item;
      await this.pause();
    }
  }
}

/** Lets messages in. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
