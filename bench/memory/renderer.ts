/** The memory of a page's renderer process, workers included, from /proc: resident bytes now, and their peak since it was last asked to forget. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Browser } from "./browser.ts";
import type { Page } from "./page.ts";

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
  readonly #page: Page;

  private constructor(id: number, page: Page) {
    this.#id = id;
    this.#page = page;
  }

  /** The page's, among those that Chromium keeps ready: the one that grows when the page takes memory. */
  static async of(browser: Browser, page: Page): Promise<Renderer> {
    const { processInfo }: { processInfo: { type: string; id: number }[] } = await browser.send("SystemInfo.getProcessInfo");
    const before = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => ({ id, mb: megabytes(id, "VmRSS") }));
    await page.evaluate(`void (globalThis.ballast = new Uint8Array(${BALLAST_BYTES}).fill(1))`);
    const grown = before.find(({ id, mb }) => megabytes(id, "VmRSS") - mb > BALLAST_BYTES / 2 / MB);
    await page.evaluate("void (globalThis.ballast = undefined)");
    if (!grown) throw new Error("No renderer process grew when the page took memory.");
    return new Renderer(grown.id, page);
  }

  /** MB of 1,000,000 bytes, after a collection of garbage on the page and in its worker, and time to give memory back. */
  async settledMB(): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < MOST_LOOKS; look++) {
      await this.#page.collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      const now = megabytes(this.#id, "VmRSS");
      if (look >= LEAST_LOOKS && now > least - SETTLED_MB) return Math.min(now, least);
      least = Math.min(least, now);
    }
    return least;
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
