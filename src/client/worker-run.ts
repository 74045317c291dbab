/** One worker from its start to its end, and the model that it loads. When it dies, `worker-link.ts` starts the next. */
import * as Comlink from "comlink";
import { carryErrors } from "#core/comlink-errors.ts";
import type { DeviceStory } from "#core/device.ts";
import { WorkerLostError } from "#core/errors.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { Call, CallId, DeviceListener, Loaded, LoadRequest, WorkerApi } from "#worker/protocol.ts";
import { WorkerWatch } from "./worker-watch.ts";

carryErrors(Comlink.transferHandlers);

/** The worker's methods, from here. */
export type Remote = Comlink.Remote<WorkerApi>;

export interface WorkerRunOptions {
  readonly spawn: () => Worker;
  readonly request: LoadRequest;
  /** The call under whose number the progress of the load comes. */
  readonly loadCall: Call;
  readonly onProgress: (call: CallId, event: ProgressEvent) => void;
  readonly onDevice: DeviceListener;
  /** Called once when the worker ends by itself. Not after `stop`. */
  readonly onLost: (reason: WorkerLostError) => void;
}

/** How long a worker may be deaf before anything is known of the model: it may be compiling and packing for a while. */
const LOAD_SILENCE_MS = 10 * 60_000;

/** A batch is one text of the model's longest at most (or several shorter ones), and a token takes far less than this anywhere. */
const SILENCE_PER_TOKEN_MS = 1000;

export class WorkerRun {
  readonly remote: Remote;
  /** Rejects with what the load throws, or with a WorkerLostError: the worker is gone then. Never settles when the run is stopped before. */
  readonly loaded: Promise<Loaded>;
  readonly #worker: Worker;
  readonly #watch: WorkerWatch;
  #loading = true;
  #busy = false;
  #over = false;

  constructor({ spawn, request, loadCall, onProgress, onDevice, onLost }: WorkerRunOptions) {
    this.#worker = spawn();
    this.remote = Comlink.wrap<WorkerApi>(this.#worker);
    let silenceLimitMs = LOAD_SILENCE_MS;
    let lose: (reason: string, cause?: unknown) => void = () => {};
    this.#watch = new WorkerWatch({ remote: this.remote, silenceLimitMs: () => silenceLimitMs, onLost: (reason) => lose(reason) });
    this.loaded = new Promise((resolve, reject) => {
      lose = (reason, cause) => {
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
        .connect(
          Comlink.proxy(report),
          Comlink.proxy((story: DeviceStory) => this.#over || onDevice(story)),
        )
        .then(() => this.remote.load(loadCall, request))
        .then(
          (loaded) => {
            silenceLimitMs = Math.max(silenceLimitMs, loaded.info.maxTokens * SILENCE_PER_TOKEN_MS);
            this.#loading = false;
            this.#watchOn();
            resolve(loaded);
          },
          (error) => {
            this.stop();
            reject(error);
          },
        );
    });
    this.#watchOn();
    // Calls that wait for it meet the failure; when there are none, nobody has to.
    this.loaded.catch(() => {});
  }

  /** True once the worker is gone, by itself or by `stop`. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether anybody waits for an answer. */
  set busy(busy: boolean) {
    this.#busy = busy;
    this.#watchOn();
  }

  /** Ends the worker in the middle of whatever it does. Its memory is free again. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch.stop();
    this.#worker.terminate();
  }

  #watchOn(): void {
    this.#watch.waiting = !this.#over && (this.#loading || this.#busy);
  }
}
