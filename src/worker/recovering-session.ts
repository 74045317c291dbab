/**
 * A session that outlives its engine: when a GPU device is lost (a driver that starts again, a laptop that changes its GPU, a tab that took too much), the model
 * is opened again, on the backend that then passes the self-test, and the batch at hand is run once more. Batches that were done stay done.
 *
 * An engine that is spoiled where it cannot be opened again (a trap in WebAssembly) is not its business: the error says `spoiled`, and the main thread
 * replaces the whole worker.
 */
import type { DeviceStory } from "#core/device.ts";
import { BackendError, DisposedError } from "#core/errors.ts";
import type { EncoderSession, SessionInfo, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { isOutOfMemory } from "#encoder/halving-session.ts";
import type { ChosenDevice } from "./choose-device.ts";

export interface Recovery {
  /** Chooses and opens a backend anew. @throws as the first load */
  readonly reopen: () => Promise<ChosenDevice>;
  /** Told which backend runs the model from now on. */
  readonly onDevice: (story: DeviceStory) => void;
}

export class RecoveringSession implements EncoderSession {
  readonly #recovery: Recovery;
  #info: SessionInfo;
  /** Undefined while there is none: whoever runs next opens it. */
  #current: Promise<EncoderSession> | undefined;
  #disposed = false;

  constructor(first: EncoderSession, recovery: Recovery) {
    this.#recovery = recovery;
    this.#info = first.info;
    this.#current = Promise.resolve(first);
  }

  /** Of the engine that ran last. */
  get info(): SessionInfo {
    return this.#info;
  }

  async run(batch: TokenBatch, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<TokenBatchResult> {
    if (this.#disposed) throw new DisposedError("session");
    const current = this.#session();
    const session = await current;
    try {
      return await session.run(batch, options);
    } catch (error) {
      if (this.#disposed || !isLost(error)) throw error;
      // Several runs may fail of one loss.
      if (this.#current === current) {
        this.#current = undefined;
        await session.dispose().catch(() => {});
      }
      // The same batch would take the next device down as well: whoever made it must make it smaller.
      if (isOutOfMemory(error)) throw error;
      options.signal?.throwIfAborted();
      return await (await this.#session()).run(batch, options);
    }
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await (await this.#current?.catch(() => undefined))?.dispose();
  }

  #session(): Promise<EncoderSession> {
    this.#current ??= this.#open();
    return this.#current;
  }

  async #open(): Promise<EncoderSession> {
    try {
      const { session, story } = await this.#recovery.reopen();
      this.#info = session.info;
      this.#recovery.onDevice(story);
      return session;
    } catch (error) {
      this.#current = undefined;
      // Where no backend works any more, a new worker still may.
      if (error instanceof BackendError) throw new BackendError(String(error.fields.reason), { ...error.fields, spoiled: true }, { cause: error });
      throw error;
    }
  }
}

/** The GPU is gone, or ONNX Runtime's state on it is unusable: with a device of its own a new session can work again. */
function isLost(error: unknown): boolean {
  return error instanceof BackendError && error.fields.spoiled === true && error.fields.backend === "webgpu";
}
