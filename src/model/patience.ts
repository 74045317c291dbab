/**
 * Ends a request on which nothing moves any more. A connection may die without a word (a laptop that changed its network, a proxy that fell asleep): without a
 * limit, a download would wait for ever. What is counted is the time without a single byte, not the whole: a slow line may take as long as it likes.
 */
import { abortable } from "#core/abort.ts";
import { MissingShardError } from "#core/errors.ts";

export interface PatienceOptions {
  /** The longest time without a byte, the first one included, in milliseconds. Default 30,000. */
  readonly stallMs?: number | undefined;
}

const STALL_MS = 30_000;

export class Patience {
  readonly #stallMs: number;
  readonly #controller = new AbortController();
  readonly #file: string;
  readonly #url: URL;
  readonly #outer: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to wait for the first byte. */
  constructor(file: string, url: URL, outer: AbortSignal | undefined, { stallMs = STALL_MS }: PatienceOptions) {
    this.#file = file;
    this.#url = url;
    this.#outer = outer;
    this.#stallMs = stallMs;
    if (outer?.aborted) this.#controller.abort(outer.reason);
    outer?.addEventListener("abort", this.#onAbort);
    this.renew();
  }

  /** Aborted with the outer signal's reason, or with a transient MissingShardError when nothing has come for too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp(), this.#stallMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }

  /** The body piece by piece. By a reader, since not every browser can iterate a stream; the rest is cancelled when the loop ends early. */
  async *piecesOf(response: Response): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader();
    if (!reader) return;
    try {
      for (;;) {
        this.signal.throwIfAborted();
        const piece = await abortable(reader.read(), this.signal);
        if (piece.done) return;
        this.renew();
        yield piece.value;
      }
    } finally {
      // Not waited for: the stream of a dead connection may not answer.
      void reader.cancel().catch(() => {});
    }
  }

  readonly #onAbort = () => this.#controller.abort(this.#outer?.reason);

  #giveUp(): void {
    const reason = `nothing came from ${this.#url.href} for ${this.#stallMs / 1000} s.`;
    this.#controller.abort(new MissingShardError(this.#file, reason, { url: this.#url.href, transient: true, stalled: true }));
  }
}
