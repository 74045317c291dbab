/**
 * One index, several users, and workers that are ended while they write. Two models here are two tabs: each has a worker of its own, and they share nothing but the
 * browser's storage and its locks.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { M3, type TextDocument } from "../../../src/index.ts";
import { sabotagedWorkers } from "./saboteur.ts";

const options = { baseUrl: "/", device: "wasm", threads: 1 } as const;
/** For additions of several thousand tokens on a machine that is busy with something else. */
const LONG_MS = 240_000;
const freshName = () => `test-${crypto.randomUUID()}`;

/** About a hundred tokens each, so that an addition of many has several portions. */
const document = (number: number): TextDocument => ({
  id: `doc-${number}`,
  title: `Page ${number}`,
  text: Array.from({ length: 50 }, (_, index) => ["screen", "printer", "folder", "keyboard", "network"][(index * (number + 1)) % 5]).join(" "),
});
const documents = (first: number, count: number) => Array.from({ length: count }, (_, index) => document(first + index));
const ids = (list: readonly TextDocument[]) => list.map(({ id }) => id);

const saboteur = sabotagedWorkers();
let writer: M3;
let reader: M3;
beforeAll(async () => {
  [writer, reader] = await Promise.all([M3.load("m3-mini", { ...options, worker: saboteur.worker }), M3.load("m3-mini", options)]);
});
afterAll(async () => {
  await Promise.all([writer?.dispose(), reader?.dispose()]);
});

it("what one tab has committed, the other finds at its next search", async () => {
  const name = freshName();
  const [mine, theirs] = [await writer.openIndex(name), await reader.openIndex(name)];
  expect((await theirs.search("potato soup")).hits).toEqual([]);
  await mine.add([...documents(0, 3), { id: "soup", text: "A recipe for potato soup." }]);
  expect((await theirs.search("potato soup", { limit: 1 })).hits[0]).toMatchObject({ id: "soup" });
  // Both may write: changes wait for one another.
  await Promise.all([mine.add(documents(3, 3)), theirs.add(documents(6, 3)), theirs.remove(["soup"]), mine.update([document(0)])]);
  for (const index of [mine, theirs]) {
    expect(await index.info()).toMatchObject({ documents: 9 });
    expect(await index.get(ids(documents(0, 9)))).toEqual(documents(0, 9));
    expect((await index.search("screen", { limit: 100 })).hits.map(({ id }) => id).toSorted()).toEqual(ids(documents(0, 9)));
  }
  await expect(theirs.add([document(1)])).rejects.toMatchObject({ code: "duplicate-document", name: "DuplicateDocumentError" });
  await expect(reader.removeIndex(name)).rejects.toMatchObject({ code: "invalid-input" });
  await Promise.all([mine.close(), theirs.close()]);
  await reader.removeIndex(name);
  expect(await writer.listIndexes()).not.toContain(name);
});

it("searches while another tab writes see a whole state, whichever", async () => {
  const name = freshName();
  const [mine, theirs] = [await writer.openIndex(name), await reader.openIndex(name)];
  await mine.add(documents(0, 4));
  let writing = true;
  const changes = (async () => {
    for (let round = 1; round <= 4; round++) await mine.update(documents(4 * round, 4));
  })().finally(() => {
    writing = false;
  });
  while (writing) {
    const { hits } = await theirs.search("keyboard", { limit: 100, weights: [1, 0, 0] });
    expect(hits.length % 4).toBe(0);
    expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
  }
  await changes;
  expect((await theirs.search("keyboard", { limit: 100 })).hits).toHaveLength(20);
  await Promise.all([mine.close(), theirs.close()]);
});

it(
  "an addition whose worker is ended goes on in the next one, and adds nothing twice",
  async () => {
    const name = freshName();
    const index = await writer.openIndex(name);
    const started = saboteur.started.length;
    const all = documents(0, 130);
    const committed: number[] = [];
    await index.add(all, {
      onProgress: (event) => {
        committed.push(event.documents!.committed);
        // A portion is there, the next is being encoded.
        if (event.documents!.committed > 0 && saboteur.started.length === started) saboteur.kill();
      },
    });
    expect(saboteur.started).toHaveLength(started + 1);
    // The second worker began with what the first had committed.
    const first = committed.find((count) => count > 0)!;
    expect(committed.filter((count) => count === 0).at(-1)).toBeDefined();
    expect(committed.slice(committed.indexOf(first)).every((count) => count >= first)).toBe(true);
    expect(await index.info()).toMatchObject({ documents: 130, passages: 130 });
    expect(await index.get(ids(all))).toEqual(all);
    await index.close();
  },
  LONG_MS,
);

it(
  "a tab that is closed in the middle of an addition leaves the last commit, and a following addition works",
  async () => {
    const name = freshName();
    const doomed = await M3.load("m3-mini", options);
    const index = await doomed.openIndex(name);
    const all = documents(0, 130);
    let committed = 0;
    const adding = index.add(all, {
      onProgress: (event) => {
        committed = event.documents!.committed;
        if (committed > 0) void doomed.dispose();
      },
    });
    await expect(adding).rejects.toMatchObject({ code: "disposed" });
    expect(committed).toBeGreaterThan(0);

    const again = await reader.openIndex(name);
    const { documents: there } = await again.info();
    // A portion more may have been committed before the worker was ended; half a portion never.
    expect(there).toBeGreaterThanOrEqual(committed);
    expect(await again.get(ids(all))).toEqual(all.map((one, place) => (place < there ? one : undefined)));
    await again.add([{ id: "after", text: "A recipe for potato soup." }]);
    expect((await again.search("potato soup", { limit: 1 })).hits[0]?.id).toBe("after");
    await again.close();
  },
  LONG_MS,
);

it("an index in memory is gone with its worker, and says so", async () => {
  const index = await writer.openIndex(freshName(), { storage: "memory" });
  await index.add([document(0)]);
  saboteur.kill();
  await expect(index.search("screen")).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining("memory") });
  await index.close();
});
