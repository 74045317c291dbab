/** A page of the bench and the workers that it has. Threads of workers are left alone: one that sleeps answers nobody, and none has garbage to speak of. */
import type { Browser, Message } from "./browser.ts";

const LOOK_AGAIN_MS = 100;

export class Page {
  readonly #browser: Browser;
  readonly #session: string;
  readonly #workers = new Set<string>();
  #onNoWorker = () => {};

  private constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
    browser.listen((event) => this.#hear(event));
  }

  /** Opens the address, and waits until its script has made `globalThis.bench`. */
  static async open(browser: Browser, address: string): Promise<Page> {
    const { targetId } = await browser.send("Target.createTarget", { url: address });
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(browser, sessionId);
    await browser.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, sessionId);
    // The page may just be taking the place of an empty one, whose script ends with it.
    while (!(await page.evaluate("globalThis.bench !== undefined").catch(() => false))) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    return page;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the caller knows what the page gives
  async evaluate(expression: string): Promise<any> {
    const answer = await this.#browser.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, this.#session);
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? answer.exceptionDetails.text);
    return answer.result.value;
  }

  async collectGarbage(): Promise<void> {
    await this.#browser.send("HeapProfiler.collectGarbage", {}, this.#session);
    // A worker may have ended meanwhile.
    for (const worker of this.#workers) await this.#browser.send("HeapProfiler.collectGarbage", {}, worker).catch(() => {});
  }

  /** What V8 holds, in bytes: its heaps and the array buffers that they keep, of the page and of each worker. WebAssembly memory is not counted. */
  async heaps(): Promise<{ readonly usedSize: number; readonly backingStorageSize: number }[]> {
    return await Promise.all([this.#session, ...this.#workers].map((session) => this.#browser.send("Runtime.getHeapUsage", {}, session)));
  }

  /** Waits until all workers have ended, which a browser takes a second or two for. */
  async noWorker(): Promise<void> {
    if (this.#workers.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onNoWorker = resolve;
    });
  }

  #hear({ method, params, sessionId }: Message): void {
    if (method === "Target.attachedToTarget" && sessionId === this.#session) this.#workers.add(params.sessionId);
    if (method === "Target.detachedFromTarget" && this.#workers.delete(params.sessionId) && this.#workers.size === 0) this.#onNoWorker();
  }
}
