/** A Chromium of its own for one side of a bench: fresh profile, one page, and the peak memory of its renderer. */
import { type Browser, chromium, type Page } from "playwright";
import { chromiumArguments } from "../../tools/chromium.ts";
import { ensureChromium } from "../../tools/install-chromium.ts";
import { note } from "./bench.ts";
import { processPeakMiB } from "./process-memory.ts";

export interface BenchPage {
  readonly page: Page;
  /** Chromium's version, such as "156.0.7444.59". */
  readonly version: string;
  /** Highest resident memory of the page's renderer so far, workers included, in MiB. Null where the system does not tell (only Linux does). */
  peakMemoryMiB(): Promise<number | null>;
  close(): Promise<void>;
}

/** Opens the address in a new browser process and waits until the page has run its modules. Errors of the page go to stderr. */
export async function openPage(address: string): Promise<BenchPage> {
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArguments], headless: true });
  const page = await browser.newPage();
  page.on("pageerror", (error) => note(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") note(`page console: ${message.text().slice(0, 500)}`);
  });
  page.setDefaultTimeout(0);
  await page.goto(address);
  if (!(await page.evaluate(() => crossOriginIsolated))) throw new Error(`The page ${address} is not cross-origin isolated: no threads.`);
  return { page, version: browser.version(), peakMemoryMiB: () => rendererPeakMiB(browser), close: () => browser.close() };
}

/** Of the renderers (there may be a spare one) the one with the highest peak is ours. */
async function rendererPeakMiB(browser: Browser): Promise<number | null> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const peaks = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => processPeakMiB(id));
  const known = peaks.filter((peak) => peak !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
