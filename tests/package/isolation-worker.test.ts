/** A site on a host that sets no headers, with the package's service worker: threads, and pages that open without a network. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext } from "playwright";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { modelFolder, run } from "./installed.ts";
import { launchBrowser, serve } from "./static-site.ts";

interface Result {
  readonly threads: number;
  readonly isolated: boolean;
  readonly dense: number[];
}

const strictPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

const page = `
  import { M3 } from "./index.js";
  const m3 = await M3.load("m3-mini", { device: "wasm", threads: 2, prefetch: "none" });
  const { denseVecs } = await m3.encodeQueries("Wie ändere ich die Helligkeit?");
  globalThis.result = { threads: m3.device.threads, isolated: crossOriginIsolated, dense: [...denseVecs] };
  await m3.dispose();`;

const html = (address: string) =>
  `<!doctype html><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><script src="${address}"></script><script type="module" src="./main.js"></script>`;

const { folder } = inject("installed");
const site = path.join(folder, "headerless");
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  mkdirSync(site);
  run(folder, "npx", ["bge-m3-web", "copy-assets", "headerless", "--model", modelFolder, "--no-webgpu"]);
  writeFileSync(path.join(site, "index.html"), html("./isolation-worker.js?offline"));
  writeFileSync(path.join(site, "credentialless.html"), html("./isolation-worker.js?coep=credentialless"));
  writeFileSync(path.join(site, "main.js"), page);
});

afterAll(() => browser?.close());

/** Waits through the reload for a page that is isolated and has its result. */
async function isolatedResult(context: BrowserContext, url: string): Promise<{ result: Result; problems: string[] }> {
  const opened = await context.newPage();
  const problems: string[] = [];
  opened.on("pageerror", (error) => problems.push(error.message));
  opened.on("console", (message) => /Content.Security.Policy/i.test(message.text()) && problems.push(message.text()));
  await opened.goto(url);
  await opened.waitForFunction(() => crossOriginIsolated && "result" in globalThis, null, { timeout: 60_000 });
  const result = await opened.evaluate(() => (globalThis as unknown as { result: Result }).result);
  return { result, problems };
}

describe("the service worker, on a server without headers for isolation", () => {
  it("gives threads, under a strict Content-Security-Policy, and opens the page again when the server is gone", async () => {
    const { origin, server } = await serve([site], { "Content-Security-Policy": strictPolicy });
    const context = await browser.newContext();
    try {
      const before = await isolatedResult(context, `${origin}/`);
      expect(before.result).toMatchObject({ isolated: true, threads: 2 });
      expect(before.problems).toEqual([]);

      // Files are kept beside the page's work.
      await expect
        .poll(() => context.pages()[0]!.evaluate(async () => (await (await caches.open("bge-m3-web-pages")).keys()).map(({ url }) => new URL(url).pathname)), {
          timeout: 60_000,
        })
        .toEqual(expect.arrayContaining(["/", "/main.js", "/index.js", "/worker.js", "/worker-thread.js"]));
      const kept = await context.pages()[0]!.evaluate(async () => (await (await caches.open("bge-m3-web-pages")).keys()).map(({ url }) => url));
      expect(kept.filter((url) => /\.(safetensors|vocab)$/.test(url))).toEqual([]);

      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      const after = await isolatedResult(context, `${origin}/`);
      expect(after.result).toEqual(before.result);
      expect(after.problems).toEqual([]);
    } finally {
      await context.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it("can do with credentialless embedding, and goes without leaving anything when it is unregistered", async () => {
    const { origin, server } = await serve([site], {});
    const context = await browser.newContext();
    try {
      const { result } = await isolatedResult(context, `${origin}/credentialless.html`);
      expect(result).toMatchObject({ isolated: true, threads: 2 });
      const opened = context.pages()[0]!;
      const answer = await opened.request.get(`${origin}/credentialless.html`);
      expect(answer.headers()["cross-origin-embedder-policy"]).toBeUndefined();
      expect(await opened.evaluate(async () => (await fetch(location.href)).headers.get("Cross-Origin-Embedder-Policy"))).toBe("credentialless");
      expect(await opened.evaluate(() => caches.keys())).toEqual([]);

      await opened.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.unregister());
      const clean = await context.newPage();
      await clean.goto(`${origin}/main.js`);
      expect(await clean.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
    } finally {
      await context.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
