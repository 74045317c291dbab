/** The memory of a page's renderer process, workers included, from /proc: resident bytes now, and their peak since it was last asked to forget. */
import { readFileSync, writeFileSync } from "node:fs";
import type { CDPSession, Page } from "playwright";

const MB = 1e6;
/** It has settled when it falls by less than this from one look to the next. */
const SETTLED_MB = 2;
const LOOK_AGAIN_MS = 500;
const MOST_LOOKS = 30;
/** Memory that was freed is given back by and by. */
const LEAST_LOOKS = 6;

const BALLAST_BYTES = 200e6;

export class Renderer {
  readonly #id: number;
  readonly #session: CDPSession;
  readonly #workers = new Set<string>();

  private constructor(id: number, session: CDPSession) {
    this.#id = id;
    this.#session = session;
    session.on("Target.attachedToTarget", ({ sessionId }) => void this.#workers.add(sessionId));
    session.on("Target.detachedFromTarget", ({ sessionId }) => void this.#workers.delete(sessionId));
  }

  /** The page's, among those that Chromium keeps ready: the one that grows when the page takes memory. */
  static async of(page: Page): Promise<Renderer> {
    const browser = page.context().browser()!;
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const before = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => ({ id, mb: megabytes(id, "VmRSS") }));
    await page.evaluate((bytes) => void Object.assign(globalThis, { ballast: new Uint8Array(bytes).fill(1) }), BALLAST_BYTES);
    const grown = before.find(({ id, mb }) => megabytes(id, "VmRSS") - mb > BALLAST_BYTES / 2 / MB);
    await page.evaluate(() => void Object.assign(globalThis, { ballast: undefined }));
    if (!grown) throw new Error("No renderer process grew when the page took memory.");
    const own = await page.context().newCDPSession(page);
    const renderer = new Renderer(grown.id, own);
    await own.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    return renderer;
  }

  /** MB of 1,000,000 bytes, after a collection of garbage on the page and in its worker, and time to give memory back. */
  async settledMB(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < MOST_LOOKS; look++) {
      await this.#session.send("HeapProfiler.collectGarbage");
      for (const worker of this.#workers) await this.#collectIn(worker);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      const now = megabytes(this.#id, "VmRSS");
      if (look >= LEAST_LOOKS && now > least - SETTLED_MB) return Math.min(now, least);
      least = Math.min(least, now);
    }
    return least;
  }

  /** A worker's own session has its messages wrapped in the page's. */
  async #collectIn(worker: string): Promise<void> {
    const message = JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" });
    // It may have ended meanwhile.
    await this.#session.send("Target.sendMessageToTarget", { sessionId: worker, message }).catch(() => {});
  }

  /** From now on `peakMB` counts anew. */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.#id}/clear_refs`, "5");
  }

  peakMB(): number {
    return megabytes(this.#id, "VmHWM");
  }
}

function megabytes(id: number, field: "VmRSS" | "VmHWM"): number {
  const kiB = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
  return (Number(kiB) * 1024) / MB;
}
