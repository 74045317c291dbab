/** ColBERT of an index on a GPU device (software WebGPU here): the hits of the kernels, and the kernels themselves when the device is lost. */
import { expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import { GpuMaxsim } from "#scoring/maxsim/gpu.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import type { Hit } from "#search/search.ts";
import { MemoryStore } from "#storage/memory.ts";
import { makeDocuments, makeQuery, SETTINGS } from "../../unit/search/fixtures.ts";

const kernels = await Kernels.create();
/**
 * By form. int8: each side errs by at most 5e-4 (contract/maxsim.ts). Bits: the kernels round the query to tables of 64 steps, the device does not; with 16
 * dimensions and few tokens such errors hardly cancel, and their bound is four groups of half a step, 2e-2.
 */
const TOLERANCES = { int8: 1e-3, bits: 2e-2 } as const;

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error("This Chromium has no WebGPU adapter: start it with --enable-unsafe-webgpu.");
  return await adapter.requestDevice();
}

async function openBoth(device: GPUDevice, form: "int8" | "bits") {
  const settings = { ...SETTINGS, tokens: { ...SETTINGS.tokens!, form } };
  const store = new MemoryStore();
  const onCpu = await HybridIndex.open(store, { settings, kernels });
  // Two segments: each is scored by itself.
  await onCpu.add(makeDocuments(90));
  await onCpu.add(makeDocuments(20, 3, "more"));
  return { onCpu, onGpu: await HybridIndex.open(store, { settings, kernels, maxsim: new GpuMaxsim(device) }) };
}

function expectSame(hits: readonly Hit[], others: readonly Hit[], tolerance: number): void {
  expect(hits.length).toBe(others.length);
  const byId = new Map(others.map((hit) => [hit.id, hit]));
  for (const [rank, { id, score, parts }] of hits.entries()) {
    expect(Math.abs(score - others[rank]!.score), `rank ${rank}`).toBeLessThan(tolerance);
    expect(Math.abs(parts.colbert! - byId.get(id)!.parts.colbert!), id).toBeLessThan(tolerance);
  }
}

it.each(["int8", "bits"] as const)("gives the hits of the kernels, token vectors in %s", async (form) => {
  const device = await openDevice();
  device.pushErrorScope("validation");
  const { onCpu, onGpu } = await openBoth(device, form);
  for (let seed = 0; seed < 3; seed++) {
    // All documents come back, so that none can be missing for a difference of rounding.
    const options = { limit: 110, candidates: 110, rerank: 110, weights: [0.3, 0.2, 0.5] } as const;
    expectSame(await onGpu.search(makeQuery(seed), options), await onCpu.search(makeQuery(seed), options), TOLERANCES[form]);
  }
  expect(onGpu.maxsimBackend).toBe("webgpu");
  expect(onCpu.maxsimBackend).toBe("wasm");
  expect(await device.popErrorScope()).toBeNull();
  await onGpu.close();
  await onCpu.close();
  device.destroy();
});

it("goes on with the kernels when the device is lost", async () => {
  const device = await openDevice();
  const { onCpu, onGpu } = await openBoth(device, "int8");
  await onGpu.search(makeQuery(1));
  device.destroy();
  expect(await onGpu.search(makeQuery(2))).toEqual(await onCpu.search(makeQuery(2)));
  expect(onGpu.maxsimBackend).toBe("wasm");
  await onGpu.close();
  await onCpu.close();
});
