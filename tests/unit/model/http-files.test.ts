import { describe, expect, it, vi } from "vitest";
import { abortable } from "#core/abort.ts";
import { httpFiles } from "#model/http-files.ts";
import { type Answer, bytesOf, entryOf, fakeServer, html, ORIGIN, offline, ok, ranged, status, streamed } from "./fake-server.ts";

const FILE = "shard-1.bin";
const good = bytesOf(1000);
const entry = entryOf(FILE, good);

function reader(...answers: Answer[]) {
  const server = fakeServer({ [FILE]: answers });
  return { ...server, read: httpFiles(new URL("manifest.json", ORIGIN), { fetch: server.fetch, retryDelayMs: 0, retries: 3 }) };
}

const broken = ranged(good, { cutAfter: 300 });

const flipped = good.slice();
flipped[500]! ^= 1;

const withLength =
  (bytes: Uint8Array): Answer =>
  () =>
    new Response(streamed(bytes), { headers: { "content-length": String(bytes.length) } });

describe("httpFiles", () => {
  it("reads a file next to the manifest and reports its bytes", async () => {
    const { read, requests } = reader(ok(good));
    const onBytes = vi.fn();
    expect(await read(entry, { onBytes })).toEqual(good);
    expect(requests).toEqual([{ url: `${ORIGIN}${FILE}`, cache: "default" }]);
    expect(onBytes.mock.calls.map(([loaded]) => loaded)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it.each<[string, Answer]>([
    ["a server error", status(503)],
    ["too many requests", status(429)],
    ["a network failure", offline],
    ["a flipped bit", ok(flipped)],
    ["a file that is too long", ok(bytesOf(1001))],
  ])("tries again after %s, past the cache", async (_, answer) => {
    const { read, requests } = reader(answer, ok(good));
    expect(await read(entry)).toEqual(good);
    expect(requests.map(({ cache }) => cache)).toEqual(["default", "reload"]);
  });

  it.each<[string, Answer, string, RegExp, number]>([
    ["a server error", status(503), "missing-shard", /status 503/, 4],
    ["a network failure", offline, "missing-shard", /could not be reached/, 4],
    ["a truncated file without its length", ok(good.slice(0, 999)), "corrupt-shard", /only 999 bytes.*promises 1000/, 4],
    ["a truncated file with its length", withLength(good.slice(0, 999)), "corrupt-shard", /only 999 bytes.*promises 1000/, 2],
    ["a flipped bit", ok(flipped), "corrupt-shard", /SHA-256/, 2],
    ["a file that is too long", ok(bytesOf(1001)), "corrupt-shard", /more bytes/, 2],
  ])("gives up when %s stays", async (_, answer, code, message, tries) => {
    const { read, requests } = reader(answer);
    await expect(read(entry)).rejects.toMatchObject({ code, message: expect.stringMatching(message), fields: { file: FILE } });
    expect(requests).toHaveLength(tries);
  });

  it("goes on where a connection broke, however often, as long as there is progress", async () => {
    const { read, requests } = reader(ranged(good, { cutAfter: 130 }));
    expect(await read(entry)).toEqual(good);
    expect(requests.map(({ range }) => range)).toEqual([undefined, ...[130, 260, 390, 520, 650, 780, 910].map((from) => `bytes=${from}-`)]);
    expect(requests.slice(1).every(({ ifRange, cache }) => ifRange === '"1"' && cache === "no-store")).toBe(true);
  });

  it("starts over where the server has no ranges, where the file has changed, and where the rest is not the rest", async () => {
    const withoutRanges = reader(broken, ok(good));
    expect(await withoutRanges.read(entry)).toEqual(good);
    expect(withoutRanges.requests).toHaveLength(2);

    const changed = reader(ranged(bytesOf(1000, 9), { cutAfter: 300 }), ranged(good, { etag: '"2"' }));
    expect(await changed.read(entry)).toEqual(good);
    expect(changed.requests).toHaveLength(2);

    const ignoresIfRange = reader(ranged(bytesOf(1000, 9), { cutAfter: 300 }), (request) => ranged(good, { etag: '"2"' })({ ...request, ifRange: '"2"' }));
    expect(await ignoresIfRange.read(entry)).toEqual(good);
    expect(ignoresIfRange.requests.map(({ range }) => range)).toEqual([undefined, "bytes=300-", undefined]);

    const wrongRest = reader(
      broken,
      () => new Response(streamed(good.slice(400)), { status: 206, headers: { "content-range": "bytes 400-999/1000" } }),
      ok(good),
    );
    expect(await wrongRest.read(entry)).toEqual(good);

    const shrunk = reader(broken, status(416), ok(good));
    expect(await shrunk.read(entry)).toEqual(good);
    expect(shrunk.requests).toHaveLength(3);
  });

  it("finds by the digest what a server without validators has changed in between, and starts over", async () => {
    const strip =
      (answer: Answer): Answer =>
      async (request) => {
        const response = await answer(request);
        const headers = new Headers(response.headers);
        headers.delete("etag");
        return new Response(response.body, { status: response.status, headers });
      };
    const { read, requests } = reader(strip(ranged(bytesOf(1000, 9), { cutAfter: 300 })), strip(ranged(good)));
    expect(await read(entry)).toEqual(good);
    expect(requests.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ["bytes=300-", undefined],
      [undefined, undefined],
    ]);
  });

  it("asks for the whole file at the last try where asking for the rest got no answer", async () => {
    const noRanges: Answer = (request) => (request.range ? offline(request) : ok(good)(request));
    const { read, requests } = reader(() => new Response(streamed(good.slice(0, 300))), noRanges);
    expect(await read(entry)).toEqual(good);
    expect(requests.map(({ range }) => range)).toEqual([undefined, "bytes=300-", "bytes=300-", undefined]);
  });

  it.each<[string, Answer, RegExp]>([
    ["404", status(404), /status 404.*published/],
    ["403", status(403), /status 403/],
    ["an HTML page instead of the file", html, /HTML page.*published/],
  ])("does not ask again after %s", async (_, answer, message) => {
    const { read, requests } = reader(answer);
    await expect(read(entry)).rejects.toMatchObject({ code: "missing-shard", message: expect.stringMatching(message) });
    expect(requests).toHaveLength(1);
  });

  it("rejects with the signal's reason: before the request, while the body comes, and while it waits to try again", async () => {
    const reason = new Error("stop");
    await expect(reader(ok(good)).read(entry, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const midway = new AbortController();
    const cutByAbort: Answer = () => {
      const body = streamed(good);
      return new Response(body.pipeThrough(new TransformStream(), { signal: midway.signal }));
    };
    const onBytes = () => midway.abort(reason);
    await expect(reader(cutByAbort).read(entry, { signal: midway.signal, onBytes })).rejects.toBe(reason);

    const waiting = new AbortController();
    const slow = fakeServer({ [FILE]: [offline] });
    const read = httpFiles(new URL(ORIGIN), { fetch: slow.fetch, retryDelayMs: 1e6 });
    const result = read(entry, { signal: waiting.signal });
    await vi.waitFor(() => expect(slow.requests).toHaveLength(1));
    waiting.abort(reason);
    await expect(result).rejects.toBe(reason);
  });

  it("says what to do where the platform cannot hash", async () => {
    vi.stubGlobal("crypto", {});
    try {
      await expect(reader(ok(good)).read(entry)).rejects.toMatchObject({ code: "missing-shard", message: expect.stringContaining("https") });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("httpFiles on a connection that falls silent", () => {
  /** Gives the beginning of a file, and then nothing, for ever. */
  const silentAfter =
    (bytes: Uint8Array): Answer =>
    ({ range }) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes);
          },
        }),
        { status: range ? 206 : 200, headers: { "content-type": "application/octet-stream", etag: '"1"' } },
      );
  const neverAnswers: Answer = () => new Promise(() => {});

  async function withStalls(...answers: Answer[]) {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const server = fakeServer({ [FILE]: answers });
      const fetch: typeof server.fetch = (url, init) => abortable(server.fetch(url, init), init.signal ?? undefined);
      const reading = httpFiles(new URL("manifest.json", ORIGIN), { fetch, retryDelayMs: 0, retries: 3, stallMs: 30_000 })(entry).catch((error) => error);
      let ended = false;
      void reading.finally(() => {
        ended = true;
      });
      let waitedMs = 0;
      for (; !ended && waitedMs < 300_000; waitedMs += 1000) {
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        if (!ended) vi.advanceTimersByTime(1000);
      }
      return { result: await reading, requests: server.requests, waitedMs };
    } finally {
      vi.useRealTimers();
    }
  }

  it("goes on over a new one, from the first byte that is missing", async () => {
    const { result, requests } = await withStalls(silentAfter(good.slice(0, 400)), ranged(good));
    expect(result).toEqual(good);
    expect(requests.map(({ range, ifRange }) => [range, ifRange])).toEqual([
      [undefined, undefined],
      ["bytes=400-", '"1"'],
    ]);
  });

  it("asks again when no answer begins, and says so in the end", async () => {
    const { result, requests, waitedMs } = await withStalls(neverAnswers);
    expect(result).toMatchObject({ code: "missing-shard", message: expect.stringContaining("nothing came from"), fields: { transient: true } });
    expect(requests).toHaveLength(4);
    expect(waitedMs).toBeGreaterThanOrEqual(120_000);
  });
});
