/** MaxSim of stored token vectors on a lent backend, and on the kernels when that one fails. */
import { expect, it, vi } from "vitest";
import { BackendError } from "#core/errors.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import type { MaxsimBackend } from "#scoring/maxsim/backend.ts";
import { WasmMaxsim } from "#scoring/maxsim/wasm.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "./fixtures.ts";

const kernels = await Kernels.create();

async function hitsWith(maxsim?: MaxsimBackend) {
  const index = await HybridIndex.open(new MemoryStore(), { settings: SETTINGS, kernels, maxsim });
  await index.add(makeDocuments(30));
  const hits = [await index.search(makeQuery(1)), await index.search(makeQuery(2))];
  const { maxsimBackend } = index;
  await index.close();
  return { hits, maxsimBackend };
}

it("uses the backend that was lent, and frees what it loaded there", async () => {
  const before = kernels.takenBytes;
  const lent = new WasmMaxsim(kernels);
  const load = vi.spyOn(lent, "load");
  const { hits, maxsimBackend } = await hitsWith(Object.assign(lent, { name: "lent" }));
  expect(hits).toEqual((await hitsWith()).hits);
  expect([maxsimBackend, load.mock.calls.length]).toEqual(["lent", 2]);
  expect(kernels.takenBytes).toBe(before);
});

it.each(["load", "score"] as const)("falls back on the kernels for good when %s fails", async (step) => {
  const broken = () => {
    throw new BackendError("the device is lost.", { backend: "webgpu" });
  };
  const dispose = vi.fn();
  const load = vi.fn(step === "load" ? broken : () => ({ documents: 0, score: async () => broken(), dispose }));
  const { hits, maxsimBackend } = await hitsWith({ name: "webgpu", load });
  expect(hits).toEqual((await hitsWith()).hits);
  expect([maxsimBackend, load.mock.calls.length, dispose.mock.calls.length]).toEqual(["wasm", 1, step === "load" ? 0 : 1]);
});
