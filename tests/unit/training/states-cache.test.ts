/** Hidden states in a byte store: computed once, kept a portion at a time, apart from those of other models. */
import { expect, it, vi } from "vitest";
import { MemoryStore } from "#storage/memory.ts";
import { openStatesCache, type StatesText } from "#training/states-cache.ts";

const HIDDEN = 4;
const texts = (...lengths: number[]): StatesText[] =>
  lengths.map((length, index) => ({ text: `text ${index}`, kind: index % 2 === 0 ? "query" : "passage", ids: new Int32Array(length), skipped: 1 }));

function cache(store: MemoryStore, all: readonly StatesText[], prefix = "model-") {
  const compute = vi.fn(async (numbers: readonly number[], _done: number, _total: number) =>
    numbers.map((text) => ({ dense: new Float32Array(HIDDEN).fill(text), states: new Float32Array(HIDDEN * all[text]!.ids.length).fill(text + 0.5) })),
  );
  const first = async (ids: Int32Array) => new Float32Array(HIDDEN * ids.length);
  return { compute, open: () => openStatesCache(all, { store, hiddenSize: HIDDEN, prefix, compute, first, fileTexts: 2 }) };
}

it("computes each text once, and reads it in half precision", async () => {
  const store = new MemoryStore();
  const all = texts(3, 5, 2, 4, 6);
  const { compute, open } = cache(store, all);
  const first = await open();
  expect(first.computed).toBe(5);
  expect(compute.mock.calls).toEqual([
    [[0, 1], 0, 20],
    [[2, 3], 8, 20],
    [[4], 14, 20],
  ]);
  expect(await first.read(3)).toEqual(new Float32Array(4 * HIDDEN).fill(3.5));
  expect(await first.dense(4)).toEqual(new Float32Array(HIDDEN).fill(4));
  expect(first.tokens(1)).toMatchObject({ skipped: 1 });
  first.close();
  const again = await open();
  expect([again.computed, compute.mock.calls.length]).toEqual([0, 3]);
  expect(await again.read(0)).toEqual(new Float32Array(3 * HIDDEN).fill(0.5));
  expect((await cache(store, all, "other-").open()).computed).toBe(5);
});

it("keeps the portions that were done when it is broken off, and computes a text anew that is cut elsewhere", async () => {
  const store = new MemoryStore();
  const all = texts(3, 5, 2, 4, 6);
  const { compute, open } = cache(store, all);
  compute.mockImplementationOnce(compute.getMockImplementation()!).mockRejectedValueOnce(new DOMException("", "AbortError"));
  await expect(open()).rejects.toMatchObject({ name: "AbortError" });
  expect((await open()).computed).toBe(3);
  const longer = all.map((text, index) => (index === 1 ? { ...text, ids: new Int32Array(9) } : text));
  const after = await cache(store, longer).open();
  expect(after.computed).toBe(1);
  expect(await after.read(1)).toHaveLength(9 * HIDDEN);
});
