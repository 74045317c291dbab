/**
 * A byte store that may fail without anyone having to care: a model whose files cannot be kept is a model all the same. The first failed write is told in
 * a notice and is the last one: on a full disk every further file would only fail again.
 */
import { type ByteStore, readBlob, writeBlob } from "#core/byte-store.ts";
import { M3Error } from "#core/errors.ts";
import type { ProgressNotice } from "#core/progress.ts";

export type NoticeListener = (notice: ProgressNotice) => void;

export class Shelf {
  readonly #store: ByteStore;
  readonly #onNotice: NoticeListener;
  #writable = true;

  constructor(store: ByteStore, onNotice: NoticeListener) {
    this.#store = store;
    this.#onNotice = onNotice;
  }

  /** From now on nothing is written; what is there is still read. */
  stopWriting(notice: ProgressNotice): void {
    if (!this.#writable) return;
    this.#writable = false;
    this.#onNotice(notice);
  }

  /** @returns whether it is there now */
  async write(name: string, bytes: Uint8Array): Promise<boolean> {
    if (!this.#writable) return false;
    try {
      await writeBlob(this.#store, name, bytes);
      return true;
    } catch (error) {
      const code = error instanceof M3Error && error.code === "storage-full" ? "storage-full" : "storage-unavailable";
      this.stopWriting({ code, message: `The model is kept in memory only, and will be downloaded again: ${textOf(error)}` });
      return false;
    }
  }

  /** Undefined when it is not there, or cannot be read. */
  async read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await readBlob(this.#store, name).catch(() => undefined);
  }

  async size(name: string): Promise<number | undefined> {
    return await this.#store.size(name).catch(() => undefined);
  }

  /** Names that begin with the prefix, in order. */
  async list(prefix: string): Promise<string[]> {
    const entries = await this.#store.list(prefix).catch(() => []);
    return entries.map(({ name }) => name);
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name).catch(() => {});
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
