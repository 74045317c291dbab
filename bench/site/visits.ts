/** Readers with an empty profile who ask one question after another: bytes at the server's sockets, and times as the page sees them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright";
import { ensureChromium } from "../../tools/install-chromium.ts";
import type { CountingServer, Sent } from "../delivery/counting-server.ts";
import { note } from "../harness/bench.ts";
import { sum } from "../harness/statistics.ts";
import type { SiteAnswer, SiteSide } from "./protocol.ts";

/** No flags but those that keep the browser's own traffic away. */
const ARGUMENTS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface Asked {
  readonly answer: SiteAnswer;
  readonly sent: readonly Sent[];
}

export interface Visit {
  /** Page and scripts, before a question. */
  readonly page: readonly Sent[];
  /** One a question. */
  readonly asked: readonly Asked[];
}

export const socketBytes = (sent: readonly Sent[]) => sum(sent.map((one) => one.socketBytes));

/** @param address below the server's origin */
export async function visit(server: CountingServer, address: string, questions: readonly string[], stage: "words" | "meaning"): Promise<Visit> {
  const profile = mkdtempSync(path.join(tmpdir(), "site-"));
  await server.take();
  const context = await chromium.launchPersistentContext(profile, { executablePath: ensureChromium(), args: ARGUMENTS, headless: true });
  try {
    const page = await openSide(context, `${server.origin}/${address}`);
    const before = await server.take();
    const asked: Asked[] = [];
    for (const question of questions) {
      const answer = await page.evaluate(([text, wanted]) => (globalThis as unknown as { bench: SiteSide }).bench.ask(text, wanted), [
        question,
        stage,
      ] as const);
      asked.push({ answer, sent: await server.take() });
    }
    return { page: before, asked };
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

export async function openSide(context: BrowserContext, url: string): Promise<Page> {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("pageerror", (error) => note(`page error: ${error.message}`));
  page.setDefaultTimeout(0);
  await page.goto(url);
  await page.waitForFunction("globalThis.bench !== undefined");
  return page;
}
