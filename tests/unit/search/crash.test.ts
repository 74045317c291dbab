/** Whenever the program ends, the index is what the last completed change made it, or what the change at hand would have made it; never anything between. */
import { describe, expect, it } from "vitest";
import type { ByteStore } from "#core/byte-store.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { ExactIndex } from "./exact-search.ts";
import { expectHits } from "./expect-hits.ts";
import { Crash, FaultyStore } from "./faulty-store.ts";
import { type FullDocument, makeDocument, makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();
const open = (store: ByteStore) => HybridIndex.open(store, { settings: SETTINGS, kernels });

async function copyOf(store: ByteStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  for (const { name } of await store.list()) {
    const reader = await store.open(name);
    const writer = await copy.create(name);
    await writer.append(await reader.read());
    await writer.commit();
  }
  return copy;
}

/** Does the index hold exactly these documents? Every one is looked up and found by its own vectors, and the searches agree. */
async function holds(index: HybridIndex, documents: readonly FullDocument[]): Promise<boolean> {
  if (index.documents !== documents.length) return false;
  const exact = new ExactIndex();
  for (const document of documents) exact.documents.set(document.id, document);
  for (const [place, record] of (await index.get(documents.map(({ id }) => id))).entries()) {
    if (JSON.stringify(record?.stored) !== JSON.stringify(documents[place]?.stored)) return false;
  }
  const { words: _, ...query } = makeQuery(1);
  expectHits(await index.search(query, { limit: documents.length, candidates: 1000, rerank: 1000 }), exact.search(query), documents.length);
  return true;
}

interface Change {
  readonly name: string;
  run(index: HybridIndex): Promise<unknown>;
  /** What the index holds afterwards. */
  readonly after: readonly FullDocument[];
}

const before = makeDocuments(24);
const fresh = makeDocuments(5, 2, "new");
const replaced = [makeDocument("doc-3", 7001), makeDocument("doc-23", 7002), makeDocument("other", 7003)];
const changes: readonly Change[] = [
  { name: "add", run: (index) => index.add(fresh), after: [...before, ...fresh] },
  { name: "update", run: (index) => index.update(replaced), after: [...before.filter(({ id }) => id !== "doc-3" && id !== "doc-23"), ...replaced] },
  {
    name: "remove",
    run: (index) => index.remove(["doc-0", "doc-17", "doc-23"]),
    after: before.filter(({ id }) => !["doc-0", "doc-17", "doc-23"].includes(id)),
  },
  { name: "remove all of a segment", run: (index) => index.remove(before.slice(0, 4).map(({ id }) => id)), after: before.slice(4) },
  { name: "optimize", run: (index) => index.optimize(), after: before },
  // The eighth segment of one size: the change calls for a merge.
  {
    name: "add and merge",
    run: async (index) => {
      for (const document of fresh) await index.add([document]);
    },
    after: [...before, ...fresh],
  },
];

describe("a program that ends while it", () => {
  for (const { name, run, after } of changes) {
    for (const late of [false, true]) {
      it(`does "${name}", ${late ? "right after" : "in"} any of its writes, leaves a whole index`, async () => {
        const start = new MemoryStore();
        const filled = await open(start);
        for (let first = 0; first < before.length; first += 4) await filled.add(before.slice(first, first + 4));
        await filled.close();

        // Steps of "add and merge" are changes of their own: after a crash any number of them may have happened.
        const states = name === "add and merge" ? [...fresh.keys(), fresh.length].map((count) => [...before, ...fresh.slice(0, count)]) : [before, after];
        let outcomes = "";
        let crashes = 0;
        for (let failAt = 1; ; failAt++) {
          const disk = await copyOf(start);
          const faulty = new FaultyStore(disk, failAt, late);
          const index = await open(faulty);
          const crashed = await run(index).then(
            () => false,
            (error) => {
              expect(error).toBeInstanceOf(Crash);
              return true;
            },
          );
          // The object itself must not be left broken either, but its store is gone; what counts is the disk.
          await index.close();
          const reopened = await open(disk);
          let state = -1;
          for (const [number, documents] of states.entries()) if (state < 0 && (await holds(reopened, documents))) state = number;
          expect(state, `the state after a crash at write ${failAt}`).toBeGreaterThanOrEqual(0);
          outcomes += state === 0 ? "0" : state === states.length - 1 ? "1" : "+";

          // Life goes on: the change is made again where it was lost, and the left-overs do no harm.
          if (state === 0 && name !== "add and merge") {
            await run(reopened);
            expect(await holds(reopened, after)).toBe(true);
          }
          await reopened.close();
          if (!crashed && faulty.writes < failAt) break;
          crashes++;
        }
        expect(crashes).toBeGreaterThanOrEqual(3);
        // First nothing of it, at the end all of it, and never back. Optimizing changes nothing that can be seen.
        expect(outcomes).toMatch(name === "optimize" ? /^0+$/ : /^0+\+*1+$/);
      });
    }
  }
});

describe("left-overs of a crash", () => {
  it("are removed by the next change", async () => {
    const disk = new MemoryStore();
    const index = await open(disk);
    await index.add(before);
    await index.close();
    const faulty = await open(new FaultyStore(disk, 12, false));
    await expect(faulty.add(fresh)).rejects.toBeInstanceOf(Crash);
    const littered = (await disk.list()).length;
    const again = await open(disk);
    await again.add(makeDocuments(1, 9, "last"));
    await again.add(makeDocuments(1, 10, "really-last"));
    const names = (await disk.list()).map(({ name }) => name);
    expect(littered).toBeGreaterThan(6);
    // Three segments of five files, and meta.
    expect(names.length).toBe(16);
  });
});
