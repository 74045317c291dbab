/** The contract over the browser's stores: the private file system through streams (page) and through synchronous handles (worker), IndexedDB, Cache API, memory. */
import { expect, it, vi } from "vitest";
import { readBlob, writeBlob } from "#core/byte-store.ts";
import { CacheApiStore } from "#storage/cache-api.ts";
import { IndexedDbStore } from "#storage/indexeddb.ts";
import { MemoryStore } from "#storage/memory.ts";
import { openStore } from "#storage/open.ts";
import { OpfsStore } from "#storage/opfs.ts";
import { describeByteStore } from "../../contract/byte-store.ts";
import { openInWorker } from "./remote-store.ts";

async function freshFolder() {
  const path = ["tests", crypto.randomUUID()] as const;
  const destroy = async () => {
    const root = await navigator.storage.getDirectory();
    await (await root.getDirectoryHandle(path[0])).removeEntry(path[1], { recursive: true });
  };
  return { path, destroy };
}

describeByteStore("memory", async () => {
  const store = new MemoryStore();
  return { store, again: async () => store };
});

describeByteStore("opfs", async () => {
  const { path, destroy } = await freshFolder();
  return { store: await OpfsStore.open(path), again: () => OpfsStore.open(path), destroy };
});

describeByteStore("opfs", async () => {
  const { path, destroy } = await freshFolder();
  const { store } = await openInWorker(path);
  return { store, again: async () => (await openInWorker(path)).store, destroy };
});

describeByteStore("indexeddb", async () => {
  const name = `tests/${crypto.randomUUID()}`;
  return { store: await IndexedDbStore.open(name), again: () => IndexedDbStore.open(name), destroy: () => IndexedDbStore.destroy(name) };
});

describeByteStore("cache-api", async () => {
  const name = `tests/${crypto.randomUUID()}`;
  return { store: await CacheApiStore.open(name), again: () => CacheApiStore.open(name), destroy: () => CacheApiStore.destroy(name) };
});

it("really uses synchronous handles in a worker", async () => {
  const source = "postMessage(typeof FileSystemFileHandle.prototype.createSyncAccessHandle)";
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  const there = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  worker.terminate();
  expect([there, "createSyncAccessHandle" in FileSystemFileHandle.prototype]).toEqual(["function", false]);
});

it("leaves the committed blob when a worker ends while it writes", async () => {
  const { path, destroy } = await freshFolder();
  const { store, worker } = await openInWorker(path);
  await writeBlob(store, "a", new Uint8Array([1, 2, 3]));
  const writer = await store.create("a");
  await writer.append(new Uint8Array(1_000_000));
  worker.terminate();
  const after = await OpfsStore.open(path);
  expect(await after.list()).toEqual([{ name: "a", bytes: 3 }]);
  expect(await readBlob(after, "a")).toEqual(new Uint8Array([1, 2, 3]));
  await writeBlob(after, "a", new Uint8Array([4]));
  expect(await readBlob(after, "a")).toEqual(new Uint8Array([4]));
  await destroy();
});

it("leaves no temporary file where a blob cannot be begun, nor where its file is locked for a moment when it is given up", async () => {
  const { path, destroy } = await freshFolder();
  const store = await OpfsStore.open(path);
  const names = async () => {
    let folder = await navigator.storage.getDirectory();
    for (const name of path) folder = await folder.getDirectoryHandle(name);
    return await Array.fromAsync((folder as unknown as { keys(): AsyncIterable<string> }).keys());
  };
  const createWritable = vi.spyOn(FileSystemFileHandle.prototype, "createWritable");
  createWritable.mockRejectedValueOnce(new DOMException("The disk is full.", "QuotaExceededError"));
  await expect(store.create("a")).rejects.toMatchObject({ code: "storage-full" });
  expect(await names()).toEqual([]);

  const writer = await store.create("a");
  await writer.append(new Uint8Array(1000));
  const removeEntry = vi.spyOn(FileSystemDirectoryHandle.prototype, "removeEntry");
  removeEntry.mockRejectedValueOnce(new DOMException("An access handle is open.", "NoModificationAllowedError"));
  await writer.abort();
  expect(removeEntry).toHaveBeenCalledTimes(2);
  expect(await names()).toEqual([]);
  vi.restoreAllMocks();
  await destroy();
});

it("opens the private file system first, and keeps it across openings", async () => {
  const name = `tests/${crypto.randomUUID()}`;
  const { store, attempts } = await openStore(name);
  expect(attempts).toEqual([{ kind: "opfs", outcome: "chosen", reason: expect.any(String) }]);
  expect(await store.list()).toEqual([]);
  await writeBlob(store, "a", new Uint8Array([7]));
  const again = await openStore(name);
  expect(await readBlob(again.store, "a")).toEqual(new Uint8Array([7]));
});

it("goes on to the next store when one is denied, and says why", async () => {
  const getDirectory = StorageManager.prototype.getDirectory;
  StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("Storage is denied.", "SecurityError"));
  try {
    const { store, attempts } = await openStore(`tests/${crypto.randomUUID()}`);
    expect(store.kind).toBe("indexeddb");
    expect(attempts.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(["opfs failed", "indexeddb chosen"]);
    expect(attempts[0]?.reason).toContain("SecurityError");
    store.close();
    await expect(openStore("tests/denied", { kinds: ["opfs"] })).rejects.toMatchObject({ code: "storage-failed" });
  } finally {
    StorageManager.prototype.getDirectory = getDirectory;
  }
});

it("refuses names that would leave its own folder", async () => {
  for (const name of ["", "..", "a/../b", "a//b", "/a", "ä"]) await expect(openStore(name), name).rejects.toMatchObject({ code: "invalid-input" });
});
