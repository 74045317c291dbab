/** A static server and a browser, as a deployed page meets them. */
import { createReadStream, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Browser, chromium } from "playwright";
import { chromiumArguments, findChromium } from "../../tools/chromium.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Headers that make a page cross-origin isolated: threads in WebAssembly need it. */
export const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Serves the first of the folders that has the file. */
export async function serve(folders: readonly string[], headers: Readonly<Record<string, string>>): Promise<{ origin: string; server: Server }> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname.replace(/\/$/, "/index.html");
    const file = folders.map((folder) => path.join(folder, path.normalize(name))).find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
    response.writeHead(file ? 200 : 404, { "Content-Type": (file && TYPES[path.extname(file)]) || "application/octet-stream" });
    if (file) createReadStream(file).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, server };
}

export interface Visit {
  /** What the page set as `globalThis.result`. */
  readonly result: unknown;
  /** URL of every request, those of workers included. */
  readonly requests: readonly string[];
  /** Errors in the console, uncaught errors, and violations of the Content-Security-Policy. */
  readonly problems: readonly string[];
}

export function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  return chromium.launch({ ...(executablePath ? { executablePath } : {}), args: chromiumArguments });
}

/** Opens a page and waits until it has set `globalThis.result`. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests: string[] = [];
  const problems: string[] = [];
  // Of the context: requests of workers are not events of the page.
  context.on("request", (request) => requests.push(request.url()));
  context.on("weberror", (error) => problems.push(error.error().message));
  context.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  try {
    await page.goto(url);
    await page.waitForFunction(() => "result" in globalThis, null, { timeout: 120_000 });
    return { result: await page.evaluate(() => (globalThis as { result?: unknown }).result), requests, problems };
  } catch (error) {
    throw new Error(`${url}: ${error instanceof Error ? error.message : error}\n${problems.join("\n")}`);
  } finally {
    await context.close();
  }
}
