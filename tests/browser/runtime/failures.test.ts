/** What a session does when it cannot go on. */
import { describe, expect, it, vi } from "vitest";
import { openSession } from "#runtime/open-session.ts";
import { syntheticModel } from "../../unit/graph/support/synthetic-model.ts";

const model = syntheticModel({ layers: 1, hidden: 64, heads: 2, ffn: 64, vocab: 100, colbertDim: 32, maxPositions: 66 });
const batch = { rows: model.embed([0, 7, 8, 2]), lengths: [4], outputs: { dense: true, lexical: false, colbert: false } };

/** The device that is made next. */
function spyOnDevice(): () => Promise<GPUDevice> {
  const request = vi.spyOn(GPUAdapter.prototype, "requestDevice");
  return async () => {
    const device = await (request.mock.results[0]!.value as Promise<GPUDevice>);
    request.mockRestore();
    return device;
  };
}

describe.each(["wasm", "webgpu"] as const)("%s", (backend) => {
  it("refuses runs after dispose, and is disposed of once", async () => {
    const session = await openSession(model, { backend });
    await session.run(batch);
    await Promise.all([session.dispose(), session.dispose()]);
    await expect(session.run(batch)).rejects.toMatchObject({ code: "disposed" });
  });

  it("opens again after it was disposed of", async () => {
    const first = await openSession(model, { backend });
    const before = await first.run(batch);
    await first.dispose();
    const second = await openSession(model, { backend });
    expect((await second.run(batch)).pooled).toEqual(before.pooled);
    await second.dispose();
  });

  it("refuses a batch whose rows and lengths disagree", async () => {
    const session = await openSession(model, { backend });
    await expect(session.run({ ...batch, lengths: [5] })).rejects.toMatchObject({ code: "backend-failed" });
    await session.run(batch);
    await session.dispose();
  });

  it("stops opening when it is aborted", async () => {
    const reason = new Error("not now");
    await expect(openSession(model, { backend, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("passes on what reading the weights throws", async () => {
    const tensors = { read: () => Promise.reject(new Error("no such tensor")), release: () => {} };
    await expect(openSession({ ...model, tensors }, { backend })).rejects.toThrow("no such tensor");
  });
});

describe("webgpu", () => {
  it("says so when the device is lost, in the run at hand or the next, and from then on", async () => {
    const takeDevice = spyOnDevice();
    const session = await openSession(model, { backend: "webgpu" });
    const device = await takeDevice();
    await session.run(batch);
    device.destroy();
    await expect(session.run(batch)).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true } });
    await expect(session.run(batch)).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true } });
    await session.dispose();
  });

  it("leaves out subgroups on an adapter whose subgroups are too small", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { subgroupMinSize } = adapter!.info;
    expect(subgroupMinSize).toBe(4);
    expect(adapter!.features.has("subgroups")).toBe(true);
    const takeDevice = spyOnDevice();
    const session = await openSession(model, { backend: "webgpu" });
    const device = await takeDevice();
    expect(device.features.has("subgroups")).toBe(false);
    expect(device.limits.maxStorageBufferBindingSize).toBe(adapter!.limits.maxStorageBufferBindingSize);
    await session.dispose();
  });

  it("frees its buffers and the device", async () => {
    const takeDevice = spyOnDevice();
    const destroyed = vi.spyOn(GPUBuffer.prototype, "destroy");
    const session = await openSession(model, { backend: "webgpu" });
    const device = await takeDevice();
    await session.run(batch);
    await session.dispose();
    expect(destroyed.mock.contexts.length).toBeGreaterThan(15);
    destroyed.mockRestore();
    await expect(device.lost).resolves.toMatchObject({ reason: "destroyed" });
  });
});
