/** A byte store that fails as a machine does: at the n-th write it stops, and nothing works any more. What was committed before stays in the store below. */
import type { BlobReader, BlobWriter, ByteStore } from "#core/byte-store.ts";

/** What the store throws once it has failed. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export class FaultyStore implements ByteStore {
  readonly kind = "faulty";
  readonly #below: ByteStore;
  #writesLeft: number;
  #late: boolean;
  #dead = false;
  /** Writes so far. */
  writes = 0;

  /**
   * @param failAt the write that fails, from 1; infinity for none
   * @param late whether that write still happens before the failure is told, as when the power goes right after it
   */
  constructor(below: ByteStore, failAt: number, late: boolean) {
    this.#below = below;
    this.#writesLeft = failAt;
    this.#late = late;
  }

  async size(name: string): Promise<number | undefined> {
    return await this.#reading(() => this.#below.size(name));
  }

  async open(name: string): Promise<BlobReader> {
    const reader = await this.#reading(() => this.#below.open(name));
    return { bytes: reader.bytes, read: (offset, length) => this.#reading(() => reader.read(offset, length)), close: () => reader.close() };
  }

  async create(name: string): Promise<BlobWriter> {
    const writer = await this.#writing(() => this.#below.create(name));
    return {
      get bytes() {
        return writer.bytes;
      },
      append: (chunk) => this.#writing(() => writer.append(chunk)),
      commit: () => this.#writing(() => writer.commit()),
      // A dead program clears nothing up.
      abort: () => (this.#dead ? Promise.resolve() : writer.abort()),
    };
  }

  async list(prefix?: string) {
    return await this.#reading(() => this.#below.list(prefix));
  }

  async remove(name: string): Promise<void> {
    await this.#writing(() => this.#below.remove(name));
  }

  close(): void {}

  async #reading<T>(action: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Crash("The store has failed.");
    return await action();
  }

  async #writing<T>(action: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Crash("The store has failed.");
    this.writes++;
    if (--this.#writesLeft > 0) return await action();
    this.#dead = true;
    if (this.#late) await action();
    throw new Crash("The store fails now.");
  }
}
