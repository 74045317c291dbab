/** The lock port on Web Locks (all tabs of the origin), and in memory (one object). */
import { abortable } from "#core/abort.ts";
import type { WriterLock } from "#core/writer-lock.ts";

/** One holder among all tabs and workers of this origin. The browser frees the lock of a tab that ends. */
export class WebLock implements WriterLock {
  async withLock<T>(name: string, action: () => Promise<T>, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<T> {
    signal?.throwIfAborted();
    return await navigator.locks.request(`bge-m3-web/${name}`, signal ? { signal } : {}, action);
  }
}

/** One holder among the users of this object. */
export class MemoryLock implements WriterLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  async withLock<T>(name: string, action: () => Promise<T>, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#tails.get(name) ?? Promise.resolve();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before.then(() => held);
    this.#tails.set(name, tail);
    try {
      await abortable(before, signal);
      return await action();
    } finally {
      // Who gave up waiting passes the turn on: the next one waits for `before` and for this.
      release();
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }
}
