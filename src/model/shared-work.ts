/** Work that several callers wait for: started once, aborted only when all of them have given up. */
import { abortable } from "#core/abort.ts";

export class SharedWork<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #settled = false;

  /** @param onFailure called when the work itself fails or is abandoned, not when one waiter gives up */
  constructor(start: (signal: AbortSignal) => Promise<T>, onFailure: () => void = () => {}) {
    this.#result = start(this.#controller.signal);
    const settle = () => {
      this.#settled = true;
    };
    this.#result.then(settle, () => {
      settle();
      onFailure();
    });
  }

  /** True once nobody waits any more and the work was told to stop: a newcomer must start anew. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  async wait(signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    try {
      return await abortable(this.#result, signal);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0 && !this.#settled) this.#controller.abort(signal?.reason);
    }
  }
}
