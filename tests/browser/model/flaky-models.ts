/**
 * Serves m3-mini like a server on a bad day: `/flaky-models/<session>/<fault>/manifest.json` and so on. What goes wrong is told by the requests before, so every
 * test takes a session of its own; `/flaky-models/<session>/log` tells what it was asked.
 *
 * `off`, `on` and `newer` in place of a fault change the server from then on. All faults are those of the largest shard, which every encode needs. Answers know ranges, If-Range and versions unless the fault says otherwise.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import type { Manifest } from "../../../src/core/manifest.ts";
import { seededRandom } from "./seeded-random.ts";

const PREFIX = "/flaky-models/";
const folder = path.resolve(import.meta.dirname, "../../../public/models/m3-mini");

/** One request for a file, and how many bytes of its body were handed to the connection. */
export interface LogEntry {
  readonly file: string;
  readonly range: string | null;
  readonly ifRange: string | null;
  status: number;
  sent: number;
}

interface Session {
  readonly log: LogEntry[];
  readonly random: () => number;
  /** Whether every connection is refused. */
  off: boolean;
  /** Whether the manifest is of a later format. */
  newer: boolean;
  /** What ends the connections that are to be cut. */
  cut: () => void;
}

/** How one request for the largest shard is answered: changes to what a good server does. */
interface Behaviour {
  readonly status?: number;
  readonly html?: boolean;
  readonly ranges?: false;
  readonly ignoreIfRange?: true;
  readonly etag?: string;
  readonly change?: (bytes: Buffer) => void;
  /**
   * The connection ends after so many bytes, when `/flaky-models/<session>/arrived` is asked for: a browser may throw away what it received of a broken
   * connection and has not yet handed on. The answer tells the number as `X-Cut-After`.
   */
  readonly cutAfter?: number;
  /** With the connection the network goes. */
  readonly thenOff?: true;
}

const flip = (bytes: Buffer) => {
  bytes[bytes.length >> 1]! ^= 1;
};
/** The same file, but an earlier version of it. */
const earlier: Behaviour = { etag: '"before"', change: (bytes) => bytes.reverse(), cutAfter: 1_500_000 };

/** By the number of requests for the largest shard before this one. */
const faults: Readonly<Record<string, (earlierRequests: number, session: Session) => Behaviour>> = {
  none: () => ({}),
  cut: (count, { random }) => (count < 10 ? { cutAfter: 1000 + Math.floor(random() * 400_000) } : {}),
  "off-during": (count) => (count === 0 ? { cutAfter: 1_500_000, thenOff: true } : {}),
  "no-ranges": (count) => ({ ranges: false, ...(count === 0 ? { cutAfter: 1_500_000 } : {}) }),
  changed: (count) => (count === 0 ? earlier : {}),
  "ignores-if-range": (count) => (count === 0 ? earlier : { ignoreIfRange: true }),
  "flipped-once": (count) => (count === 0 ? { change: flip } : {}),
  "errors-first": (count) => (count < 3 ? { status: [500, 503, 429][count]! } : {}),
  "html-first": (count) => (count === 0 ? { html: true } : {}),
  forbidden: () => ({ status: 403 }),
};

export function flakyModels(): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  const sessions = new Map<string, Session>();
  return async (request, response, next) => {
    const url = request.url?.split("?")[0] ?? "";
    if (!url.startsWith(PREFIX)) return next();
    const [id = "", fault = "", file = ""] = url.slice(PREFIX.length).split("/");
    const session = sessions.get(id) ?? newSession(sessions.size);
    sessions.set(id, session);
    if (fault === "log") return void response.end(JSON.stringify(session.log));
    if (fault === "arrived") {
      session.cut();
      return void response.end();
    }
    if (fault === "off" || fault === "on" || fault === "newer") {
      session.off = fault === "off";
      session.newer = fault === "newer";
      return void response.end();
    }
    if (session.off) return void request.socket.destroy();
    await serve(request, response, session, fault, path.basename(file)).catch(next);
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, session: Session, fault: string, file: string): Promise<void> {
  // Nothing is waited for until the request is in the log: its place there says what came before.
  const manifest: Manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
  const largest = manifest.shards.reduce((most, shard) => (shard.bytes > most.bytes ? shard : most));
  const count = session.log.filter((entry) => entry.file === file).length;
  const how = file === largest.file ? faults[fault]!(count, session) : {};
  const { range = null, "if-range": ifRange = null } = request.headers as Record<string, string | undefined>;
  const entry: LogEntry = { file, range, ifRange, status: how.status ?? 200, sent: 0 };
  session.log.push(entry);

  response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  response.statusCode = entry.status;
  if (how.status !== undefined) return void response.end();
  if (how.html) return void response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Log in</title>");
  const bytes = await readFile(path.join(folder, file));
  how.change?.(bytes);
  if (session.newer && file === "manifest.json") return void response.end(JSON.stringify({ ...manifest, formatVersion: 99 }));
  const etag = how.etag ?? '"now"';
  const asked = how.ranges !== false && range !== null && (how.ignoreIfRange || ifRange === null || ifRange === etag);
  const [, first = "0", last = ""] = (asked && /^bytes=(\d+)-(\d*)$/.exec(range)) || [];
  const from = Number(first);
  const to = last === "" ? bytes.length : Number(last) + 1;
  if (asked) {
    entry.status = response.statusCode = 206;
    response.setHeader("Content-Range", `bytes ${from}-${to - 1}/${bytes.length}`);
  }
  response.setHeader("Content-Type", file.endsWith(".json") ? "application/json" : "application/octet-stream");
  response.setHeader("Content-Length", to - from);
  response.setHeader("ETag", etag);
  const body = bytes.subarray(from, to);
  const end = Math.min(body.length, how.cutAfter ?? body.length);
  if (end === body.length) {
    await send(response, body, entry);
    return void response.end();
  }
  response.setHeader("X-Cut-After", end);
  const arrived = new Promise<void>((resolve) => {
    session.cut = resolve;
  });
  await send(response, body.subarray(0, end), entry);
  await arrived;
  session.off ||= how.thenOff === true;
  response.socket?.end();
}

function newSession(seed: number): Session {
  return { log: [], random: seededRandom(seed), off: false, newer: false, cut: () => {} };
}

/** Hands a body over in pieces, no faster than it is taken; counts until the other end has gone. */
async function send(response: ServerResponse, body: Buffer, entry: LogEntry): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at += 65536) {
    const piece = body.subarray(at, at + 65536);
    await new Promise<void>((resolve) => {
      response.once("close", resolve);
      response.write(piece, () => resolve());
    });
    response.removeAllListeners("close");
    entry.sent += piece.length;
  }
}
