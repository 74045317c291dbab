/**
 * The main thread's end of a model that runs in a worker: numbers the calls, and gives each an end of its own, whatever becomes of the worker.
 *
 * A call ends at once when its signal is aborted; the worker is told, and stops at its next batch. Should it not answer in time (an engine that
 * hangs), the worker is ended and started again, and the other calls are sent once more: they are texts, and cost nothing to keep. The same happens
 * when the worker dies, or its engine can run no more, but a call that was there at two deaths is rejected, for it may be the cause.
 */
import { abortable } from "#core/abort.ts";
import type { DeviceStory } from "#core/device.ts";
import { DisposedError, M3Error } from "#core/errors.ts";
import type { ModelInfo } from "#core/model-info.ts";
import type { ProgressEvent, ProgressListener } from "#core/progress.ts";
import type { Call, CallId, Loaded, LoadRequest, Urgency } from "#worker/protocol.ts";
import { tell } from "./tell.ts";
import { type Remote, WorkerRun } from "./worker-run.ts";

export interface LinkOptions {
  readonly spawn: () => Worker;
  readonly request: LoadRequest;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
  /** How long a worker may take to end a cancelled call before it is itself ended, in milliseconds. */
  readonly abortGraceMs: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

interface PendingCall {
  readonly send: (run: WorkerRun) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress: ProgressListener | undefined;
  /** How many workers died under it. */
  deaths: number;
}

/** A call that was there at so many deaths of a worker is not sent again. */
const MOST_DEATHS = 2;

const LOAD: CallId = 0;

export class WorkerLink {
  readonly #options: LinkOptions;
  readonly #calls = new Map<CallId, PendingCall>();
  #run: WorkerRun;
  #nextId = LOAD + 1;
  #device: DeviceStory | undefined;
  #loaded: Loaded | undefined;
  /** A worker had no memory for its batches: the next ones take one text at a time. */
  #wasOutOfMemory = false;
  /** Why nothing can be called any more. */
  #ended: { readonly reason: unknown } | null = null;

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.#run = this.#start(options.onProgress);
  }

  /** @throws what `load` in the worker throws; WorkerLostError when the worker does not start; the signal's reason. The worker is gone then. */
  static async open(options: LinkOptions): Promise<WorkerLink> {
    options.signal?.throwIfAborted();
    const link = new WorkerLink(options);
    try {
      await abortable(link.#run.loaded, options.signal);
      return link;
    } catch (error) {
      link.#end(error);
      throw error;
    }
  }

  /**
   * Makes a call as soon as the worker has its model.
   * @throws what the call throws; the signal's reason; DisposedError; WorkerLostError
   */
  async call<T>(urgency: Urgency, invoke: (remote: Remote, call: Call) => Promise<T>, { signal, onProgress }: CallOptions = {}): Promise<T> {
    if (this.#ended) throw this.#ended.reason;
    signal?.throwIfAborted();
    const call: Call = { id: this.#nextId++, urgency, progress: onProgress !== undefined };
    return new Promise<T>((resolve, reject) => {
      const settle = (end: () => void) => {
        if (!this.#calls.delete(call.id)) return;
        this.#run.busy = this.#calls.size > 0;
        signal?.removeEventListener("abort", onAbort);
        end();
      };
      /** Settles when the present worker has nothing more to do for this call. */
      let finished: Promise<unknown> = Promise.resolve();
      const onAbort = () => {
        settle(() => reject(signal?.reason));
        void this.#cancel(call.id, finished);
      };
      const pending: PendingCall = {
        deaths: 0,
        onProgress,
        reject: (reason) => settle(() => reject(reason)),
        send: (run) => {
          const answer = run.loaded.then(() => (this.#calls.has(call.id) && !run.over ? invoke(run.remote, call) : undefined));
          // What a worker says that was given up does not count: the call was sent to the next, or has ended.
          finished = answer.then(
            (value) => run === this.#run && settle(() => resolve(value as T)),
            (error) => {
              if (run !== this.#run) return;
              // A load that failed has ended its worker itself.
              if (isSpoiled(error) && !run.over) this.#lose(error);
              else settle(() => reject(error));
            },
          );
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#calls.set(call.id, pending);
      if (this.#run.over) this.#run = this.#start();
      this.#run.busy = true;
      pending.send(this.#run);
    });
  }

  /** Which backend runs the model now: another one than at first when that one was lost. */
  get device(): DeviceStory {
    return this.#device!;
  }

  /** What the model is now: its heads may have been changed. */
  get info(): ModelInfo {
    return this.#loaded!.info;
  }

  /** Takes over what a call that changes the heads has answered: workers that take the place of this one begin with the same heads. */
  changed(loaded: Loaded): void {
    this.#loaded = loaded;
    this.#device = loaded.device;
  }

  /** Ends the worker, which gives all its memory back, and rejects what is pending with a DisposedError. */
  dispose(): void {
    this.#end(new DisposedError("model"));
  }

  #end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = { reason };
    this.#run.stop();
    for (const call of [...this.#calls.values()]) call.reject(reason);
  }

  #start(onLoadProgress?: ProgressListener): WorkerRun {
    const { spawn } = this.#options;
    const request = {
      ...this.#options.request,
      ...(this.#wasOutOfMemory ? { maxBatchTexts: 1 } : {}),
      ...(this.#loaded ? { heads: this.#loaded.heads ? { file: this.#loaded.heads } : ("shipped" as const) } : {}),
    };
    const onProgress = (id: CallId, event: ProgressEvent) => tell(id === LOAD ? onLoadProgress : this.#calls.get(id)?.onProgress, event);
    const onDevice = (story: DeviceStory) => {
      this.#device = story;
    };
    const loadCall: Call = { id: LOAD, urgency: "query", progress: onLoadProgress !== undefined };
    const run = new WorkerRun({ spawn, request, loadCall, onProgress, onDevice, onLost: (reason) => this.#lose(reason) });
    run.loaded.then((loaded) => this.changed(loaded)).catch(() => {});
    return run;
  }

  /** The worker ended by itself, or is of no use any more. */
  #lose(reason: M3Error): void {
    this.#run.stop();
    if (reason.code === "out-of-memory") this.#wasOutOfMemory = true;
    for (const call of [...this.#calls.values()]) if (++call.deaths >= MOST_DEATHS) call.reject(reason);
    if (this.#calls.size > 0) this.#restart();
  }

  #restart(): void {
    this.#run.stop();
    this.#run = this.#start();
    this.#run.busy = true;
    for (const call of this.#calls.values()) call.send(this.#run);
  }

  async #cancel(id: CallId, finished: Promise<unknown>): Promise<void> {
    const run = this.#run;
    // A load has no batches to stop between; the call was not sent yet, and will not be.
    const wasSent = await Promise.race([run.loaded.then(() => true), finished.then(() => false)]).catch(() => false);
    if (!wasSent || run.over) return;
    void run.remote.cancel(id);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<"out of patience">((resolve) => {
      timer = setTimeout(resolve, this.#options.abortGraceMs, "out of patience");
    });
    const outcome = await Promise.race([finished, patience]);
    clearTimeout(timer);
    if (outcome === "out of patience" && run === this.#run && !run.over) this.#restart();
  }
}

/** The engine in that worker can run no more. */
function isSpoiled(error: unknown): error is M3Error {
  return error instanceof M3Error && error.fields.spoiled === true;
}
