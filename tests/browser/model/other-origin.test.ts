/** Models on another origin than the page: a real second server, with CORS as different hosts have it. */
import { beforeAll, expect, it } from "vitest";
import { faultyShard, scene } from "./scene.ts";

let origin = "";
beforeAll(async () => {
  origin = await (await fetch("/other-origin")).text();
  expect(new URL(origin).origin).not.toBe(location.origin);
});

it.each(["simple", "exposed"])("a download that breaks off goes on with the first byte that is missing: CORS %s", async (mode) => {
  const { load, turn, shardLog } = scene("off-during", "opfs", `${origin}/${mode}`);
  await expect(load({ retries: 1 })).rejects.toMatchObject({ code: "missing-shard" });
  await turn("on");
  await load();
  const log = await shardLog(await faultyShard());
  // Without If-Range, which would need a preflight: the digest finds what has changed.
  expect(log.map(({ status, range, ifRange }) => [status, range, ifRange])).toEqual([
    [200, null, null],
    [206, "bytes=1500000-", null],
  ]);
});

it("a server that lets nobody ask for ranges gives the whole file again", async () => {
  const { load, turn, shardLog } = scene("off-during", "opfs", `${origin}/no-ranges`);
  await expect(load({ retries: 1 })).rejects.toMatchObject({ code: "missing-shard" });
  await turn("on");
  await load();
  expect((await shardLog(await faultyShard())).at(-1)).toMatchObject({ status: 200, range: null });
});

it("a file that changed between two parts is found by its digest, and fetched again", async () => {
  const { load, shardLog } = scene("changed", "opfs", `${origin}/simple`);
  await load();
  expect((await shardLog(await faultyShard())).at(-1)).toMatchObject({ status: 200, range: null });
});

it("a server that the page may not read is told with what may be the cause", async () => {
  const forbidden = scene("none", "opfs", `${origin}/no-ranges`);
  await expect(
    forbidden.load({ retries: 1, fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, Range: "bytes=0-" } }) }),
  ).rejects.toMatchObject({ code: "missing-shard", message: expect.stringContaining("CORS") });
});
