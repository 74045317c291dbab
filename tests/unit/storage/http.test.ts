import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readRanges } from "#core/byte-store.ts";
import { HttpStore } from "#storage/http.ts";

const file = Uint8Array.from({ length: 100_000 }, (_, place) => (place * 31 + (place >> 8)) & 255);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function open(answer: Answer, bytes = file.length) {
  const requests: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers.range);
    answer(request, response, requests.length);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index/`);
  const store = new HttpStore(folder, { fetch, blobs: { "a.bin": bytes }, retryDelayMs: 1 });
  return { store, requests, reader: await store.open("a.bin") };
}

const ranged: Answer = (request, response) => {
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined) return void response.end(file);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${file.length}` }).end(file.subarray(Number(from), Number(to) + 1));
};

const same = (actual: Uint8Array, from: number, length: number) => expect(Buffer.compare(actual, file.subarray(from, from + length))).toBe(0);

describe("HttpStore", () => {
  it("reads ranges, and neighbours in one request", async () => {
    const { reader, requests } = await open(ranged);
    same(await reader.read(10, 20), 10, 20);
    same(await reader.read(), 0, file.length);
    expect((await reader.read(5, 0)).length).toBe(0);
    expect(requests).toEqual(["bytes=10-29", undefined]);
    const ranges = [
      { offset: 90_000, length: 100 },
      { offset: 0, length: 10 },
      { offset: 5_000, length: 10 },
      { offset: 5_005, length: 50 },
    ];
    const parts = await readRanges(reader, ranges);
    for (const [place, { offset, length }] of ranges.entries()) same(parts[place]!, offset, length);
    expect(requests.slice(2).sort()).toEqual(["bytes=0-5054", "bytes=90000-90099"]);
  });

  it.each<[string, Answer]>([
    ["does not know ranges", (_, response) => response.end(file)],
    [
      "compresses what it sends of a range",
      (request, response) => {
        if (request.headers.range) response.writeHead(206, { "Content-Encoding": "identity" }).end(file.subarray(0, 5));
        else response.end(file);
      },
    ],
  ])("keeps the whole file of a server that %s", async (_, answer) => {
    const { reader, requests } = await open(answer);
    same(await reader.read(10, 20), 10, 20);
    const before = requests.length;
    same(await reader.read(500, 20), 500, 20);
    same((await readRanges(reader, [{ offset: 99_990, length: 10 }]))[0]!, 99_990, 10);
    expect(requests.length).toBe(before);
  });

  it("tries again after a broken connection and a server's error", async () => {
    const { reader, requests } = await open((request, response, count) => {
      if (count === 1) return void request.socket.destroy();
      if (count === 2) return void response.writeHead(503).end();
      ranged(request, response, count);
    });
    same(await reader.read(10, 20), 10, 20);
    expect(requests).toHaveLength(3);
  });

  it("gives up after three tries, and works again later", async () => {
    let off = true;
    const { reader, requests } = await open((request, response, count) => (off ? void request.socket.destroy() : ranged(request, response, count)));
    await expect(reader.read(0, 5)).rejects.toMatchObject({ code: "unreachable-file", message: expect.stringContaining("the network failed") });
    expect(requests).toHaveLength(3);
    off = false;
    same(await reader.read(0, 5), 0, 5);
  });

  it("tells what was not published, or not together, at once", async () => {
    const missing = await open((_, response) => void response.writeHead(404).end());
    await expect(missing.reader.read(0, 5)).rejects.toMatchObject({ code: "unreachable-file", fields: { status: 404 } });
    expect(missing.requests).toHaveLength(1);
    const other = await open((_, response) => void response.end(file.subarray(1)));
    await expect(other.reader.read(0, 5)).rejects.toThrow("it has 99999 bytes instead of 100000. Publish all files");
    await expect(other.store.open("b.bin")).rejects.toMatchObject({ code: "missing-blob" });
  });

  it("asks for a small file once, whole, however many parts of it are read at once", async () => {
    const { reader, requests } = await open((_, response) => response.end(file.subarray(0, 500)), 500);
    const parts = await Promise.all([reader.read(100, 10), reader.read(300, 200), readRanges(reader, [{ offset: 20, length: 5 }])]);
    same(parts[0], 100, 10);
    same(parts[1], 300, 200);
    same(parts[2][0]!, 20, 5);
    same(await reader.read(), 0, 500);
    same(await reader.read(490, 10), 490, 10);
    expect(requests).toEqual([undefined]);
  });

  it("asks again for a small file that could not be read", async () => {
    let off = true;
    const { reader, requests } = await open((_, response) => (off ? void response.writeHead(404).end() : response.end(file.subarray(0, 500))), 500);
    await expect(reader.read(0, 5)).rejects.toMatchObject({ fields: { status: 404 } });
    off = false;
    same(await reader.read(0, 5), 0, 5);
    expect(requests).toEqual([undefined, undefined]);
  });

  it("keeps no more than a mebibyte of small files, the smallest first", async () => {
    const bytes = 60_000;
    const blobs = Object.fromEntries(Array.from({ length: 20 }, (_, place) => [`${place}.bin`, place === 19 ? 1_000 : bytes]));
    const asked: string[] = [];
    const store = new HttpStore(new URL("http://localhost/index/"), {
      blobs,
      fetch: async (url, init) => {
        const [, from, to] = /bytes=(\d+)-(\d+)/.exec(new Headers(init.headers).get("range") ?? "") ?? [];
        asked.push(`${url.pathname.split("/").at(-1)} ${from === undefined ? "whole" : "part"}`);
        const whole = file.slice(0, blobs[url.pathname.split("/").at(-1)!]!);
        return from === undefined ? new Response(whole) : new Response(whole.slice(Number(from), Number(to) + 1), { status: 206 });
      },
    });
    for (const round of [1, 2]) {
      for (const name of Object.keys(blobs)) same(await (await store.open(name)).read(10 * round, 5), 10 * round, 5);
    }
    const kept = asked.filter((request) => request.endsWith(" whole")).map((request) => request.split(" ")[0]!);
    expect(kept).toHaveLength(18);
    expect(kept).toContain("19.bin");
    expect(kept.reduce((sum, name) => sum + blobs[name]!, 0)).toBeLessThanOrEqual(1 << 20);
    // Of the two others, a part with each read.
    expect(asked.filter((request) => request.endsWith(" part"))).toHaveLength(4);
  });

  it("cannot be changed", async () => {
    const { store } = await open(ranged);
    await expect(store.create("x")).rejects.toMatchObject({ code: "invalid-input" });
    await expect(store.remove("a.bin")).rejects.toMatchObject({ code: "invalid-input" });
    expect(await store.list()).toEqual([{ name: "a.bin", bytes: file.length }]);
    expect(() => new HttpStore(new URL("http://localhost/index"), { fetch, blobs: {} })).toThrow("ends in a slash");
  });
});
