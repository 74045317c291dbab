/** Files that a fake `fetch` serves, and how it can go wrong. */
import { createHash } from "node:crypto";
import type { FileEntry } from "#core/manifest.ts";
import type { Fetch } from "#model/request.ts";

export const ORIGIN = "https://site.example/models/tiny/";

export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed * 17) & 255);
}

export function entryOf(file: string, bytes: Uint8Array): FileEntry {
  return { file, bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

export interface FakeRequest {
  readonly url: string;
  readonly cache: RequestCache | undefined;
  readonly range?: string;
  readonly ifRange?: string;
}

/** Answers one request: a Response, or a thrown network error. */
export type Answer = (request: FakeRequest) => Response | Promise<Response>;

/** The body in small pieces, as a network gives it. */
export function streamed(bytes: Uint8Array, pieceSize = 100): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(offset, offset + pieceSize));
      offset += pieceSize;
    },
  });
}

export const ok =
  (bytes: Uint8Array): Answer =>
  () =>
    new Response(streamed(bytes), { headers: { "content-type": "application/octet-stream" } });

/** A server that knows ranges and versions, whose connection breaks after so many bytes of each answer. */
export const ranged =
  (bytes: Uint8Array, { etag = '"1"', cutAfter = Number.POSITIVE_INFINITY } = {}): Answer =>
  ({ range, ifRange }) => {
    const asked = range && (!ifRange || ifRange === etag) ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : undefined;
    if (asked !== undefined && asked >= bytes.length) return new Response("no", { status: 416 });
    const rest = bytes.subarray(asked ?? 0);
    const headers = new Headers({ "content-type": "application/octet-stream", etag });
    if (asked !== undefined) headers.set("content-range", `bytes ${asked}-${bytes.length - 1}/${bytes.length}`);
    return new Response(cutAfter < rest.length ? cut(rest, cutAfter) : streamed(rest), { status: asked === undefined ? 200 : 206, headers });
  };

/** A body that breaks off. */
function cut(bytes: Uint8Array, after: number): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(new TypeError("connection reset"));
      controller.enqueue(bytes.slice(0, after));
      sent = true;
    },
  });
}

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  () =>
    new Response("no", { status: code, headers });

export const html: Answer = () => new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } });

export const offline: Answer = () => {
  throw new TypeError("Failed to fetch");
};

/** A fetch that gives each answer of a file in turn, the last one for ever after. It obeys abort signals, and writes down what was asked. */
export function fakeServer(answers: Readonly<Record<string, readonly Answer[]>>): { fetch: Fetch; requests: FakeRequest[] } {
  const requests: FakeRequest[] = [];
  const counts = new Map<string, number>();
  const fetch: Fetch = async (url, init) => {
    await null;
    init.signal?.throwIfAborted();
    const file = url.slice(url.lastIndexOf("/") + 1);
    const headers = new Headers(init.headers);
    const [range, ifRange] = [headers.get("range"), headers.get("if-range")];
    const request = { url, cache: init.cache, ...(range ? { range } : {}), ...(ifRange ? { ifRange } : {}) };
    requests.push(request);
    const count = counts.get(file) ?? 0;
    counts.set(file, count + 1);
    const list = answers[file] ?? [status(404)];
    return list[Math.min(count, list.length - 1)]!(request);
  };
  return { fetch, requests };
}
