/** Visits with an empty profile, and again with what the first one left: one Chromium each, as a reader's would be. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright";
import { ensureChromium } from "../../tools/install-chromium.ts";
import { note } from "../harness/bench.ts";
import type { CountingServer, Sent } from "./counting-server.ts";
import type { DeliverySide, FirstAnswer } from "./protocol.ts";

export interface Visited {
  readonly answer: FirstAnswer;
  /** Sent until the answer was there. */
  readonly first: readonly Sent[];
  /** Sent at a second visit with the same query. */
  readonly second: readonly Sent[];
  readonly chromium: string;
}

/** No flags but those that keep the browser's own traffic away: no GPU that a reader would not have. */
const ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export async function visitTwice(server: CountingServer, page: string, query: string): Promise<Visited> {
  const profile = mkdtempSync(path.join(tmpdir(), "bytes-"));
  await server.take();
  try {
    const before = await visit(server, profile, page, query);
    const after = await visit(server, profile, page, query);
    return { answer: before.answer, first: before.sent, second: after.sent, chromium: before.chromium };
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

async function visit(server: CountingServer, profile: string, name: string, query: string) {
  const context = await chromium.launchPersistentContext(profile, { executablePath: ensureChromium(), args: ARGUMENTS, headless: true });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on("pageerror", (error) => note(`page error: ${error.message}`));
    page.setDefaultTimeout(0);
    await page.goto(`${server.origin}/${name}.html`);
    await page.waitForFunction("globalThis.bench !== undefined");
    const answer = await page.evaluate((text) => (globalThis as unknown as { bench: DeliverySide }).bench.firstQuery(text), query);
    return { answer, sent: await server.take(), chromium: context.browser()?.version() ?? "unknown" };
  } finally {
    await context.close();
  }
}
