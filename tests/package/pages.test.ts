/**
 * The installed package in two pages, in real Chromium: one that Vite builds, one without any build, filled by `copy-assets`. With and without cross-origin
 * isolation, and under a Content-Security-Policy that allows WebAssembly and nothing else of the kind.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import path from "node:path";
import type { Browser } from "playwright";
import { build, createServer, type InlineConfig } from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { modelFolder, run } from "./installed.ts";
import { isolation, launchBrowser, serve, type Visit, visit } from "./static-site.ts";

interface Result {
  readonly dense: number[];
  readonly threads: number;
  readonly backend: string;
  readonly isolated: boolean;
  /** Whether the Content-Security-Policy keeps scripts from being made of strings. */
  readonly evalBlocked: boolean;
  /** Code of an error that came from the worker, if its class came over too. */
  readonly refused: string | false;
}

/** What both pages run. `device` and `assets` may be given in the page's address. */
const script = (specifier: string) => `
  import { M3, UnknownModelError } from ${JSON.stringify(specifier)};
  const wish = new URL(location.href).searchParams;
  const options = { device: wish.get("device") ?? "wasm", threads: 2, assetsUrl: wish.get("assets") ?? undefined };
  const m3 = await M3.load("m3-mini", options);
  const { denseVecs } = await m3.encodeQueries("Wie ändere ich die Helligkeit?");
  const { backend, threads } = m3.device;
  let evalBlocked = false;
  try {
    new Function("");
  } catch {
    evalBlocked = true;
  }
  const error = await M3.load("no-such-model", options).catch((thrown) => thrown);
  const refused = error instanceof UnknownModelError && error.code;
  globalThis.result = { dense: [...denseVecs], backend, threads, isolated: crossOriginIsolated, evalBlocked, refused };
  await m3.dispose();`;

const html = (src: string) =>
  `<!doctype html><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,"><script type="module" src="${src}"></script>`;

const strictPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

const { folder } = inject("installed");
const vite = path.join(folder, "vite-dist");
const plain = path.join(folder, "plain");
let browser: Browser;
const servers: Server[] = [];

beforeAll(async () => {
  browser = await launchBrowser();

  writeFileSync(path.join(folder, "index.html"), html("/main.js"));
  writeFileSync(path.join(folder, "main.js"), script("bge-m3-web"));

  mkdirSync(plain);
  run(folder, "npx", ["bge-m3-web", "copy-assets", "plain", "--model", modelFolder]);
  writeFileSync(path.join(plain, "index.html"), html("./main.js"));
  writeFileSync(path.join(plain, "main.js"), script("./index.js"));
});

afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

const viteConfig = (): InlineConfig => ({ root: folder, configFile: false, logLevel: "error", publicDir: path.join(modelFolder, "../..") });

async function open(
  site: string | readonly string[],
  headers: Readonly<Record<string, string>>,
  query = "",
): Promise<Visit & { readonly page: Result; readonly origin: string }> {
  const { origin, server } = await serve([site].flat(), headers);
  servers.push(server);
  const visited = await visit(browser, `${origin}/${query}`);
  return { ...visited, origin, page: visited.result as Result };
}

/** The runtime's binaries among some requests, by their build. */
const binaries = (requests: readonly string[]) =>
  requests.filter((url) => url.endsWith(".wasm")).map((url) => /threaded(\.jspi|\.asyncify)?/.exec(url)?.[1] ?? "plain");

const cosine = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

describe("a page without a build", () => {
  it("runs under a strict Content-Security-Policy, with threads, from its own origin", async () => {
    const { page, requests, problems, origin } = await open(plain, { ...isolation, "Content-Security-Policy": strictPolicy });
    expect(page).toMatchObject({ backend: "wasm", threads: 2, isolated: true, evalBlocked: true, refused: "unknown-model" });
    expect(page.dense).toHaveLength(384);
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:"))).toEqual([]);
    // Our own encoder is in the scripts: ONNX Runtime is not downloaded.
    expect(binaries(requests)).toEqual([]);
  });

  it("runs on one thread without isolation", async () => {
    const { page, problems } = await open(plain, {});
    expect(page).toMatchObject({ backend: "wasm", threads: 1, isolated: false, evalBlocked: false });
    expect(problems).toEqual([]);
  });

  it("runs on WebGPU under the same policy, with the one build that this browser needs", async () => {
    const { page, requests, problems } = await open(plain, { "Content-Security-Policy": strictPolicy }, "?device=webgpu");
    expect(page).toMatchObject({ backend: "webgpu", evalBlocked: true });
    expect(problems).toEqual([]);
    expect(binaries(requests)).toEqual([".jspi"]);
    const wasm = await open(plain, {});
    expect(cosine(page.dense, wasm.page.dense)).toBeGreaterThan(0.99);
  });
});

describe("a page that Vite builds, without any configuration for this package", () => {
  it("gives the same vector as the page without a build", async () => {
    await build({ ...viteConfig(), build: { outDir: vite, emptyOutDir: true } });
    const { page, requests, problems, origin } = await open(vite, isolation);
    expect(page).toMatchObject({ backend: "wasm", threads: 2, isolated: true, refused: "unknown-model" });
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith("data:"))).toEqual([]);
    expect(binaries(requests)).toEqual([]);
    const other = await open(plain, isolation);
    expect(cosine(page.dense, other.page.dense)).toBeGreaterThan(0.999999);
  });

  it("takes worker and runtime from a folder of copied assets when it is told to", async () => {
    const { page, requests, origin } = await open([vite, folder], {}, "?assets=/plain/");
    expect(page.dense).toHaveLength(384);
    const fromFolder = requests.filter((url) => url.startsWith(`${origin}/plain/`)).map((url) => url.slice(`${origin}/plain/`.length));
    expect(fromFolder).toEqual(expect.arrayContaining(["worker.js"]));
    expect(requests.filter((url) => /\/assets\/(worker|ort-)/.test(url))).toEqual([]);
  });

  it("also runs in the development server", async () => {
    const server = await createServer({ ...viteConfig(), server: { port: 0, headers: isolation } });
    await server.listen();
    try {
      const { result, problems } = await visit(browser, server.resolvedUrls!.local[0]!);
      expect(result).toMatchObject({ backend: "wasm", threads: 2, isolated: true });
      expect(problems).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
