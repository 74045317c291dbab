/**
 * A small static server for benches: same origin for everything, and the headers that make a page cross-origin isolated (threads in WebAssembly need
 * it). Not for production: no ranges, no caching.
 */
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

export interface StaticServer {
  /** "http://localhost:12345", without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves folders by URL prefix ("/models/" → "public/models"); the longest prefix wins. */
export async function serveFolders(folders: Readonly<Record<string, string>>): Promise<StaticServer> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const url = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const prefix = prefixes.find((candidate) => url.startsWith(candidate));
    const folder = prefix === undefined ? undefined : path.resolve(folders[prefix] ?? "");
    const file = prefix === undefined || folder === undefined ? undefined : path.join(folder, url.slice(prefix.length));
    const stat = file?.startsWith(`${folder}${path.sep}`) ? statSync(file, { throwIfNoEntry: false }) : undefined;
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    if (!file || !stat?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream", "Content-Length": stat.size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
