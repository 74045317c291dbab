/**
 * A static host that counts what it sends, at the socket: status line and headers included, as they went over the wire. It does what docs/loading.md asks of a
 * host: compression, a year of caching for files that are named by their content, revalidation by ETag for the rest, and the headers for threads.
 */
import { statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Encoding, servedFile } from "./compressed-files.ts";

export interface Sent {
  /** Path with query, as it was asked for. */
  readonly url: string;
  readonly status: number;
  /** All bytes of the answer, as they left the socket. */
  readonly socketBytes: number;
  /** Bytes of its body; 0 for "not modified". */
  readonly bodyBytes: number;
  /** Bytes of that body without compression. */
  readonly plainBytes: number;
}

export interface CountingServer {
  readonly origin: string;
  /** Answers since the last call, the broken ones too. Waits for those that are still being sent. */
  take(): Promise<readonly Sent[]>;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** What a bundler or the builder names by content. */
const IMMUTABLE = /(-[\w-]{8}\.\w+|\/[0-9a-f]{16}\.(safetensors|vocab))$/;

const NOTHING = { bodyBytes: 0, plainBytes: 0 } as const;

/**
 * @param folders folder of each URL prefix; the longest prefix wins
 * @param plain paths of files that are sent as they are, also in ranges: a host compresses neither binary files nor ranges
 */
export async function serveCounting(folders: Readonly<Record<string, string>>, encoding: Encoding, plain?: RegExp): Promise<CountingServer> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  let sent: Sent[] = [];
  const sending = new Set<Promise<void>>();

  const fileOf = (url: string): string | undefined => {
    const prefix = prefixes.find((candidate) => url.startsWith(candidate))!;
    const folder = path.resolve(folders[prefix]!);
    const file = path.join(folder, decodeURIComponent(url.slice(prefix.length)));
    return file.startsWith(`${folder}${path.sep}`) && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Pick<Sent, "bodyBytes" | "plainBytes">> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    const file = fileOf(pathname);
    if (!file) {
      response.writeHead(404).end();
      return NOTHING;
    }
    const { bytes, plainBytes, encoding: used, etag } = await servedFile(file, plain?.test(pathname) ? null : encoding);
    response.setHeader("ETag", etag);
    response.setHeader("Cache-Control", IMMUTABLE.test(pathname) ? "public, max-age=31536000, immutable" : "no-cache");
    response.setHeader("Vary", "Accept-Encoding");
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304).end();
      return NOTHING;
    }
    response.setHeader("Content-Type", TYPES[path.extname(file)] ?? "application/octet-stream");
    const [, from, to] = (used === null && /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")) || [];
    if (from !== undefined) {
      const part = bytes.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { "Content-Range": `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`, "Content-Length": part.length }).end(part);
      return { bodyBytes: part.length, plainBytes: part.length };
    }
    if (used) response.setHeader("Content-Encoding", used);
    response.setHeader("Content-Length", bytes.length);
    response.end(bytes);
    return { bodyBytes: bytes.length, plainBytes };
  };

  const server = createServer((request, response) => {
    const { socket } = request;
    const before = socket.bytesWritten;
    const closed = new Promise<void>((resolve) => response.once("close", () => resolve()));
    const done = answer(request, response)
      .then(async (body) => {
        // One answer after another on a connection, so the difference is this answer's.
        await closed;
        sent.push({ url: request.url ?? "/", status: response.statusCode, socketBytes: socket.bytesWritten - before, ...body });
      })
      .finally(() => sending.delete(done));
    sending.add(done);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async take() {
      while (sending.size > 0) await Promise.all(sending);
      const all = sent;
      sent = [];
      return all;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
