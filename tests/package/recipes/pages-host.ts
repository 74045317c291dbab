/**
 * A host as GitHub Pages is one: the site lies in a folder of the origin, no header can be set, texts are compressed, ranges are answered for what is not, and
 * folders are shown by their index.html. Counts what it sends.
 */
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gzipSync } from "node:zlib";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "application/javascript; charset=utf-8",
  ".mjs": "application/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
};
/** Compressed on the way. */
const TEXTS = new Set([".html", ".css", ".js", ".mjs", ".json"]);

export interface Sent {
  /** Below the site's folder: "search/index.json". */
  readonly path: string;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

export interface PagesHost {
  /** The site, with its folder: "http://localhost:1234/handbook/". */
  readonly url: string;
  readonly sent: Sent[];
  /** From now on no connection succeeds. */
  stop(): Promise<void>;
}

/**
 * @param base folder of the origin in which the site lies, with slashes around it
 * @param policy a Content-Security-Policy, which hosts of this kind do not send
 */
export async function hostPages(folder: string, base: string, policy?: string): Promise<PagesHost> {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const tell = (status: number, bytes: number) => sent.push({ path: pathname.slice(base.length), status, bytes });
    if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
    if (!pathname.startsWith(base)) return void response.writeHead(404).end();
    answer(path.join(folder, path.normalize(decodeURIComponent(pathname.slice(base.length - 1)))), pathname, request, response, tell);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${(server.address() as AddressInfo).port}${base}`, sent, stop };
}

function answer(at: string, pathname: string, { headers }: IncomingMessage, response: ServerResponse, tell: (status: number, bytes: number) => void): void {
  const isFolder = statSync(at, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder && !pathname.endsWith("/")) return void response.writeHead(301, { Location: `${pathname}/` }).end();
  const file = isFolder ? path.join(at, "index.html") : at;
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    tell(404, 0);
    return void response.writeHead(404, { "Content-Type": "text/html; charset=utf-8" }).end("<h1>Not found</h1>");
  }
  const bytes = readFileSync(file);
  const type = path.extname(file);
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", "max-age=600");
  response.setHeader("Content-Type", TYPES[type] ?? "application/octet-stream");
  if (headers["if-none-match"] === etag) {
    tell(304, 0);
    return void response.writeHead(304).end();
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  if (from !== undefined && !(headers["if-range"] && headers["if-range"] !== etag)) {
    const part = bytes.subarray(Number(from), to ? Number(to) + 1 : undefined);
    tell(206, part.length);
    return void response.writeHead(206, { "Content-Range": `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` }).end(part);
  }
  const isCompressed = TEXTS.has(type) && /\bgzip\b/.test(String(headers["accept-encoding"]));
  const body = isCompressed ? gzipSync(bytes) : bytes;
  if (isCompressed) response.setHeader("Content-Encoding", "gzip");
  tell(200, body.length);
  response.writeHead(200).end(body);
}
