/** Everything in an index replaced by something else, with other settings, in one change. */
import { expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import type { IndexDocument } from "#search/document.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { META_FILE, readMeta, referencedFiles } from "#search/meta.ts";
import { MemoryLock } from "#storage/locks.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();
const store = () => new MemoryStore();
const lock = new MemoryLock();
const open = (at: MemoryStore, settings = SETTINGS) => HybridIndex.open(at, { settings, kernels, lock });
const OTHER = { ...SETTINGS, fingerprint: "model-b", tokens: { dim: 16, form: "bits" as const, pooling: 2 } };

const before = makeDocuments(24);
const after = makeDocuments(10, 9, "other");

async function* portions(documents: readonly IndexDocument[], size: number, whenAsked: (portion: number) => unknown = () => {}) {
  for (let first = 0; first < documents.length; first += size) {
    await whenAsked(first / size);
    yield documents.slice(first, first + size);
  }
}

async function filled(at: MemoryStore) {
  const index = await open(at);
  await index.add(before.slice(0, 15));
  await index.add(before.slice(15));
  await index.remove(["doc-3"]);
  return index;
}

it("finds what was there until the last portion, then what took its place, and leaves no file behind", async () => {
  const at = store();
  const index = await filled(at);
  const { fields } = index;
  const { dense } = makeQuery(1);
  const found = async () => (await index.search({ dense }, { limit: 100 })).map(({ id }) => id).toSorted();
  const old = await found();
  const seen: string[][] = [];
  await index.replaceAll(
    OTHER,
    portions(after, 4, async () => seen.push(await found())),
  );
  expect(seen).toEqual([old, old, old]);
  expect(await found()).toEqual(after.map(({ id }) => id).toSorted());
  expect(index.settings).toEqual(OTHER);
  expect(index.fields).toEqual(fields);
  const meta = await readMeta(at);
  expect(new Set((await at.list()).map(({ name }) => name))).toEqual(referencedFiles(meta!));
  // The object goes on, and so does one that is opened with the new settings.
  await index.add(makeDocuments(2, 5, "more"));
  await index.close();
  const again = await open(at, OTHER);
  expect(again.documents).toBe(12);
  await again.close();
});

it("refuses other objects from then on", async () => {
  const at = store();
  const [mine, theirs] = [await filled(at), await open(at)];
  await mine.replaceAll(OTHER, portions(after, 10));
  await expect(theirs.refresh()).rejects.toMatchObject({ code: "index-mismatch" });
  await expect(theirs.add(makeDocuments(1, 8, "late"))).rejects.toMatchObject({ code: "index-mismatch" });
  await expect(open(at)).rejects.toMatchObject({ code: "index-mismatch" });
  expect(mine.documents).toBe(10);
  await Promise.all([mine.close(), theirs.close()]);
});

it.each([
  ["aborted", (abort: () => void) => abort(), { name: "AbortError" }],
  [
    "failing",
    () => {
      throw new Error("no more vectors");
    },
    { message: "no more vectors" },
  ],
])("changes nothing when it is %s half-way, and the next change clears up", async (_, happens, error) => {
  const at = store();
  const index = await filled(at);
  const meta = await readMeta(at);
  const controller = new AbortController();
  const replacing = index.replaceAll(
    OTHER,
    portions(after, 4, (portion) => portion === 2 && happens(() => controller.abort())),
    { signal: controller.signal },
  );
  await expect(replacing).rejects.toMatchObject(error);
  expect(await readMeta(at)).toEqual(meta);
  expect(index.settings).toEqual(SETTINGS);
  expect(index.documents).toBe(23);
  await index.remove(["doc-4"]);
  await index.remove(["doc-5"]);
  const names = (await at.list()).map(({ name }) => name);
  expect(names).toContain(META_FILE);
  expect(index.documents).toBe(21);
  await index.close();
});

it("checks the new documents against the new settings", async () => {
  const index = await filled(store());
  const narrow = { ...SETTINGS, dense: { dim: 16 } };
  await expect(index.replaceAll(narrow, portions(after, 4))).rejects.toMatchObject({ code: "invalid-input", message: expect.stringContaining("dense") });
  await expect(index.replaceAll({ ...SETTINGS, dense: null, lexical: false, words: false }, portions(after, 4))).rejects.toMatchObject({
    code: "invalid-input",
  });
  expect(index.documents).toBe(23);
  await index.close();
});
