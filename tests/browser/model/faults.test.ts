/** What the network, the disk and other tabs do to a download: nothing that was stored is lost, and the message says what to do. docs/faults.md has them all. */
import { describe, expect, it } from "vitest";
import { cdp } from "vitest/browser";
import type { BlobWriter, ByteStore } from "#core/byte-store.ts";
import { StorageFullError } from "#core/errors.ts";
import { pageTensorName } from "#core/tensor-layout.ts";
import { faultyShard, scene } from "./scene.ts";
import { seededRandom } from "./seeded-random.ts";

const noManifest = (file: string) => file !== "manifest.json";

/** A store whose disk is full from the given append on. */
function fullAfter(store: ByteStore, appends: number): ByteStore {
  let left = appends;
  return {
    kind: store.kind,
    size: (name) => store.size(name),
    open: (name) => store.open(name),
    list: (prefix) => store.list(prefix),
    remove: (name) => store.remove(name),
    close: () => store.close(),
    async create(name): Promise<BlobWriter> {
      const writer = await store.create(name);
      return {
        get bytes() {
          return writer.bytes;
        },
        async append(chunk) {
          if (left-- <= 0) throw new StorageFullError(store.kind, { cause: new DOMException("The quota has been exceeded.", "QuotaExceededError") });
          await writer.append(chunk);
        },
        commit: () => writer.commit(),
        abort: () => writer.abort(),
      };
    },
  };
}

describe("a full disk", () => {
  it("at any write leaves the model in memory, says so once, and keeps what was stored before", async () => {
    const random = seededRandom(7);
    // Each of the six files takes one write at least; how many more, the sizes of the pieces that the network brings decide.
    for (const appends of [0, 1, ...Array.from({ length: 3 }, () => 2 + Math.floor(random() * 3))]) {
      const { load, openStorage, notices, messages, log } = scene("none");
      const storage = await openStorage();
      await load({ openStorage: async () => ({ ...storage, store: fullAfter(storage.store, appends) }) });
      expect(notices(), `full after ${appends}`).toEqual(["storage-full"]);
      expect(messages()[0]).toMatch(/in memory only.*Free space/);
      const stored = await storage.store.list("f-");
      const requests = (await log()).length;
      // With room again, only what is missing comes.
      await load();
      const files = (await log()).slice(requests).map(({ file }) => file);
      expect(files.filter((file) => stored.some(({ name }) => file.includes(name.slice(2, 14))))).toEqual([]);
      expect(notices()).toEqual(["storage-full"]);
    }
  });

  it("is told by the browser itself in the middle of a file", async () => {
    const { load, notices, messages } = scene("none");
    const { usage = 0 } = await navigator.storage.estimate();
    await cdp().send("Storage.overrideQuotaForOrigin", { origin: location.origin, quotaSize: usage + 3_000_000 });
    try {
      await load();
    } finally {
      await cdp().send("Storage.overrideQuotaForOrigin", { origin: location.origin });
    }
    expect(notices()).toEqual(["storage-full"]);
    expect(messages()[0]).toContain("opfs store is full");
  });
});

describe("a manifest of a later format", () => {
  it("is refused with the remedy, and the stored model is still there when the server has the old one again", async () => {
    const { load, log, turn } = scene("none");
    await load();
    const requests = (await log()).length;
    await turn("newer");
    await expect(load()).rejects.toMatchObject({ code: "invalid-manifest", message: expect.stringMatching(/99.*[Uu]pdate bge-m3-web/) });
    await turn("on");
    await load();
    expect((await log()).slice(requests).filter(({ file }) => noManifest(file))).toEqual([]);
  });
});

describe("a network that is off", () => {
  it("before the first visit is told as such, and all is well when it is back", async () => {
    const { load, turn } = scene("none");
    await turn("off");
    await expect(load({ retries: 1 })).rejects.toMatchObject({ code: "missing-shard", message: expect.stringContaining("could not be reached") });
    await turn("on");
    await load();
  });

  it("in the middle of a download leaves what had come, and the next load goes on from there", async () => {
    const { load, turn, shardLog } = scene("off-during");
    const shard = await faultyShard();
    await expect(load({ retries: 1 })).rejects.toMatchObject({ code: "missing-shard", fields: { file: shard.file } });
    await turn("on");
    await load();
    const requests = await shardLog(shard);
    expect(requests.map(({ status, range }) => `${status} ${range}`)).toEqual(["200 null", "206 bytes=1500000-"]);
  });

  it("after the load fails a text whose page is not here, by the page's name, and not the next when it is back", async () => {
    const { load, turn } = scene("none");
    const { manifest, tensors } = await load();
    const page = pageTensorName(manifest.wordEmbeddings.shards.length - 1, ".q4");
    const { file } = manifest.shards[manifest.wordEmbeddings.shards.at(-1)!]!;
    await turn("off");
    await expect(tensors.read(page)).rejects.toMatchObject({
      code: "missing-shard",
      fields: { file },
      message: expect.stringContaining("could not be reached"),
    });
    await turn("on");
    expect((await tensors.read(page)).bytes.length).toBeGreaterThan(0);
  });
});
