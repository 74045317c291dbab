/** Starts further threads on the engine's shared memory, and knows whether they are well. */
import type { EncoderWeights } from "./weights.ts";

/** What a thread needs to begin. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly weights: EncoderWeights;
  /** Address of the words that the threads agree by. */
  readonly control: number;
  /** From 1: the owner is 0. */
  readonly index: number;
  readonly threads: number;
}

export type SpawnThread = () => Worker;

/** The `new Worker` with its two literals is the pattern that bundlers look for: it must stay in one piece. */
export const spawnThread: SpawnThread = () => new Worker(new URL("./thread.ts", import.meta.url), { type: "module", name: "bge-m3-web thread" });

export class Threads {
  readonly #workers: readonly Worker[];
  #failure: string | undefined;

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
    for (const worker of workers) {
      worker.addEventListener("error", (event) => {
        // The run that needs it tells of it.
        event.preventDefault();
        this.#failure ??= event.message || "a thread ended";
      });
    }
  }

  /** @returns null when one of them does not start: then there are none */
  static async start(starts: readonly ThreadStart[], spawn: SpawnThread): Promise<Threads | null> {
    const workers: Worker[] = [];
    try {
      const ready = starts.map((start) => {
        const worker = spawn();
        workers.push(worker);
        return begin(worker, start);
      });
      await Promise.all(ready);
      return new Threads(workers);
    } catch {
      for (const worker of workers) worker.terminate();
      return null;
    }
  }

  /** Why a thread is gone; undefined while all are well. Told when the owner's event loop turns. */
  get failure(): string | undefined {
    return this.#failure;
  }

  end(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

function begin(worker: Worker, start: ThreadStart): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", () => resolve(), { once: true });
    worker.addEventListener("error", (event) => reject(new Error(event.message || "its script could not be loaded")), { once: true });
    worker.postMessage(start);
  });
}
