/** The indexes that a worker has open: by handle, opened again where a worker before had them, let go of when they are closed. */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { IndexService } from "#worker/index-service.ts";
import type { IndexOperation, IndexRequest } from "#worker/protocol.ts";
import { type Opened, openMini } from "../texts/open-text-index.ts";

let mini: Opened;
beforeAll(async () => {
  mini = await openMini();
});

const request: IndexRequest = { handle: "one", name: "help", storage: "persistent", shape: {} };

/** A browser's storage, and the workers that came and went on it. */
function storage() {
  const store = Object.assign(new MemoryStore(), { close: vi.fn() });
  const lock = new MemoryLock();
  const release = vi.fn(async () => {});
  const openPlace = vi.fn(async () => ({ store, lock, release }));
  const worker = () => {
    const service = new IndexService(openPlace);
    return (operation: IndexOperation, changes: Partial<IndexRequest> = {}, manifest = mini.manifest) =>
      service.run({ ...request, ...changes }, operation, manifest, { encoder: mini.encoder });
  };
  return { store, release, openPlace, worker };
}

const add: IndexOperation = { kind: "add", documents: [{ id: "a", text: "Turn on bounce keys." }], key: "k" };

describe("IndexService", () => {
  it("opens an index once for each handle, and lets go of it when it is closed", async () => {
    const { worker, openPlace, release, store } = storage();
    const run = worker();
    expect(await run({ kind: "open" })).toMatchObject({ name: "help", documents: 0 });
    await run(add);
    expect(await run({ kind: "search", query: "bounce keys", options: {} })).toMatchObject({ hits: [{ id: "a" }] });
    expect(openPlace).toHaveBeenCalledTimes(1);
    expect(await run({ kind: "info" }, { handle: "two" })).toMatchObject({ documents: 1 });
    expect(openPlace).toHaveBeenCalledTimes(2);
    await run({ kind: "close" });
    await run({ kind: "close" });
    expect(release).toHaveBeenCalledTimes(1);
    expect(store.close).toHaveBeenCalledTimes(1);
    expect(await run({ kind: "get", ids: ["a"] }, { handle: "two" })).toEqual([{ id: "a", text: "Turn on bounce keys." }]);
    expect(await run({ kind: "remove", ids: ["a"] }, { handle: "two" })).toBe(1);
    await run({ kind: "optimize" }, { handle: "two" });
    await run({ kind: "close" }, { handle: "two" });
  });

  it("opens a stored index again that another worker had, and adds nothing twice", async () => {
    const { worker } = storage();
    const first = worker();
    await first({ kind: "open" });
    await first(add);
    const second = worker();
    await second(add);
    expect(await second({ kind: "info" })).toMatchObject({ documents: 1, generation: 1 });
  });

  it("says of an index in memory that it is gone with its worker", async () => {
    const { worker } = storage();
    const memory = { storage: "memory" } as const;
    await worker()({ kind: "open" }, memory);
    await expect(worker()(add, memory)).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining('"help"') });
    // Nothing is open there: closing it is no error.
    expect(await worker()({ kind: "close" }, memory)).toBeUndefined();
  });

  it("lets go of what could not be opened, and tries again", async () => {
    const { worker, release } = storage();
    const run = worker();
    await run({ kind: "open" });
    await run(add);
    const other = { ...mini.manifest, fingerprint: "of another model" };
    await expect(run({ kind: "open" }, { handle: "two" }, other)).rejects.toMatchObject({ code: "index-mismatch", fields: { what: "model" } });
    expect(release).toHaveBeenCalledTimes(1);
    expect(await run({ kind: "open" }, { handle: "two" })).toMatchObject({ documents: 1 });
  });

  it("refuses to search, or to add to, what other heads have made, until it is encoded again", async () => {
    const { worker } = storage();
    const run = worker();
    await run({ kind: "open" });
    await run(add);
    const adapted = { ...mini.manifest, fingerprint: "of adapted heads" };
    const search: IndexOperation = { kind: "search", query: "bounce keys", options: {} };
    for (const operation of [search, { ...add, key: "l" }, { kind: "open" } as const]) {
      await expect(run(operation, {}, adapted)).rejects.toMatchObject({ code: "index-mismatch" });
    }
    expect(await run({ kind: "info" }, {}, adapted)).toMatchObject({ documents: 1 });
    expect(await run({ kind: "reencode" }, {}, adapted)).toMatchObject({ documents: 1 });
    expect(await run(search, {}, adapted)).toMatchObject({ hits: [{ id: "a" }] });
    await expect(run(search)).rejects.toMatchObject({ code: "index-mismatch" });
    // At another visit, and where a worker took another's place in the middle of it.
    await expect(worker()({ kind: "open" })).rejects.toMatchObject({ code: "index-mismatch" });
    await run({ kind: "close" });
    expect(await worker()({ kind: "open", reencode: true })).toMatchObject({ documents: 1, generation: 3 });
    expect(await worker()({ kind: "reencode" }, {}, adapted)).toMatchObject({ generation: 4 });
  });
});
