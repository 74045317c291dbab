/** One worker from its start to its end, and the model that it loads. When it dies, `worker-link.ts` starts the next. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import { WorkerLostError } from "#core/errors.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { Call, CallId, Loaded, LoadRequest, WorkerApi } from "#worker/protocol.ts";

carryErrors(Comlink.transferHandlers);

/** The worker's methods, from here. */
export type Remote = Comlink.Remote<WorkerApi>;

export interface WorkerRunOptions {
  readonly spawn: () => Worker;
  readonly request: LoadRequest;
  /** The call under whose number the progress of the load comes. */
  readonly loadCall: Call;
  readonly onProgress: (call: CallId, event: ProgressEvent) => void;
  /** Called once when the worker ends by itself. Not after `stop`. */
  readonly onLost: (reason: WorkerLostError) => void;
}

export class WorkerRun {
  readonly remote: Remote;
  /** Rejects with what the load throws, or with a WorkerLostError: the worker is gone then. Never settles when the run is stopped before. */
  readonly loaded: Promise<Loaded>;
  readonly #worker: Worker;
  #over = false;

  constructor({ spawn, request, loadCall, onProgress, onLost }: WorkerRunOptions) {
    this.#worker = spawn();
    this.remote = Comlink.wrap<WorkerApi>(this.#worker);
    this.loaded = new Promise((resolve, reject) => {
      const lose = (reason: string, cause?: unknown) => {
        if (this.#over) return;
        this.stop();
        const lost = new WorkerLostError(reason, { cause });
        reject(lost);
        onLost(lost);
      };
      // A script that cannot be loaded gives an event without a message. After an uncaught error the worker lives on, but nobody knows in which state.
      this.#worker.addEventListener("error", (event) =>
        lose(event.message ? `${event.message}.` : "its script could not be loaded.", event.error ?? undefined),
      );
      this.#worker.addEventListener("messageerror", () => lose("a message from it could not be read."));
      const report = (call: CallId, event: ProgressEvent) => {
        if (!this.#over) onProgress(call, event);
      };
      this.remote
        .connect(Comlink.proxy(report))
        .then(() => this.remote.load(loadCall, request))
        .then(resolve, (error) => {
          this.stop();
          reject(error);
        });
    });
    // Calls that wait for it meet the failure; when there are none, nobody has to.
    this.loaded.catch(() => {});
  }

  /** True once the worker is gone, by itself or by `stop`. */
  get over(): boolean {
    return this.#over;
  }

  /** Ends the worker in the middle of whatever it does. Its memory is free again. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#worker.terminate();
  }
}
