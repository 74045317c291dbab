/** The built demo on a host that sets no headers, below a path, as many free hosts do; it can be gone, and it can have a new version. */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const BUILT = path.resolve("demo-dist");
const FOLDER = "/some/where/";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export class PlainHost {
  readonly #server: Server;
  readonly #port: number;
  #version = 1;

  private constructor(server: Server) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    server.on("request", (request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const name = pathname.slice(FOLDER.length) || "index.html";
      const file = path.join(BUILT, path.normalize(name));
      const found = pathname.startsWith(FOLDER) && statSync(file, { throwIfNoEntry: false })?.isFile();
      response.writeHead(found ? 200 : 404, { "Content-Type": TYPES[path.extname(name)] ?? "application/octet-stream", "Cache-Control": "no-cache" });
      if (!found) response.end();
      else if (name === "index.html" || name === "service-worker.js") response.end(this.#ofVersion(readFileSync(file, "utf8")));
      else createReadStream(file).pipe(response);
    });
  }

  static async start(): Promise<PlainHost> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    return new PlainHost(server);
  }

  get url(): string {
    return `http://localhost:${this.#port}${FOLDER}`;
  }

  /** From now on the page says another number, and the service worker knows the page by another revision. */
  publishVersion(version: number): void {
    this.#version = version;
  }

  /** Not to be reached any more. */
  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** The same address again. */
  startAgain(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.#port, "localhost", resolve));
  }

  #ofVersion(text: string): string {
    const withRevision = text.replace(/("revision":"\w+)(","url":"index\.html")/, `$1${this.#version}$2`);
    return withRevision.replace("<head>", `<head><meta name="version" content="${this.#version}">`);
  }
}
