import { describe, expect, it, vi } from "vitest";
import type { DeviceStory } from "#core/device.ts";
import { BackendError, MissingShardError } from "#core/errors.ts";
import type { EncoderSession, TokenBatch, TokenBatchResult } from "#core/session.ts";
import { RecoveringSession } from "#worker/recovering-session.ts";

const story = (backend: "webgpu" | "wasm"): DeviceStory => ({ backend, engine: "", precision: "", threads: 1, why: "", attempts: [] });
const batch: TokenBatch = { rows: new Float32Array(3), lengths: [1], outputs: { dense: true, lexical: false, colbert: false } };
const lost = (reason = "the GPU device was lost.") => new BackendError(reason, { backend: "webgpu", spoiled: true });

type Fake = EncoderSession & { readonly run: ReturnType<typeof vi.fn>; readonly dispose: ReturnType<typeof vi.fn> };

/** A session that gives its number, or fails. */
function fake(number: number, failure?: () => Error, backend: "webgpu" | "wasm" = "webgpu"): Fake {
  const result: TokenBatchResult = { pooled: Float32Array.of(number), lexical: null, colbert: null, computedTokens: 1 };
  const info = { backend, engine: "", precision: "", threads: 1, batch: { tokenBudget: 1, maxTexts: number, maxPadding: 0 } };
  const run = vi.fn(async () => {
    if (failure) throw failure();
    return result;
  });
  return { info, run, dispose: vi.fn(async () => {}) } as unknown as Fake;
}

function recovering(first: Fake, ...later: (Fake | Error)[]) {
  const reopen = vi.fn(async () => {
    const next = later.shift();
    if (!next || next instanceof Error) throw next ?? new Error("no more");
    return { session: next as EncoderSession, story: story(next.info.backend as "wasm") };
  });
  const onDevice = vi.fn();
  return { session: new RecoveringSession(first, { reopen, onDevice }), reopen, onDevice };
}

describe("RecoveringSession", () => {
  it("runs the batch at hand once more on what is opened in place of a lost device, and tells which that is", async () => {
    const [first, second] = [fake(1, lost), fake(2, undefined, "wasm")];
    const { session, onDevice } = recovering(first, second);
    expect((await session.run(batch)).pooled).toEqual(Float32Array.of(2));
    expect(first.dispose).toHaveBeenCalledOnce();
    expect(second.run).toHaveBeenCalledOnce();
    expect(onDevice.mock.calls).toEqual([[story("wasm")]]);
    expect(session.info).toBe(second.info);
  });

  it("opens once for all runs that the loss hit", async () => {
    const [first, second] = [fake(1, lost), fake(2)];
    const { session, reopen } = recovering(first, second);
    const results = await Promise.all([session.run(batch), session.run(batch)]);
    expect(results.map(({ pooled }) => pooled?.[0])).toEqual([2, 2]);
    expect(reopen).toHaveBeenCalledOnce();
    expect(second.run).toHaveBeenCalledTimes(2);
  });

  it("tries a batch twice and no more; the next run may have more luck", async () => {
    const [first, second, third] = [fake(1, lost), fake(2, lost), fake(3)];
    const { session } = recovering(first, second, third);
    await expect(session.run(batch)).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true } });
    expect([first, second, third].map(({ run }) => run.mock.calls.length)).toEqual([1, 1, 0]);
    expect((await session.run(batch)).pooled).toEqual(Float32Array.of(3));
  });

  it("leaves it to a new worker when nothing can be opened, and other failures as they are", async () => {
    const nothing = recovering(fake(1, lost), new BackendError("webgpu: no device.", { attempts: [] }));
    await expect(nothing.session.run(batch)).rejects.toMatchObject({ code: "backend-failed", fields: { spoiled: true, reason: "webgpu: no device." } });
    const offline = recovering(fake(1, lost), new MissingShardError("a.safetensors", "no network."), fake(2));
    await expect(offline.session.run(batch)).rejects.toMatchObject({ code: "missing-shard" });
    expect((await offline.session.run(batch)).pooled).toEqual(Float32Array.of(2));
    const trap = recovering(fake(1, () => new BackendError("unreachable", { backend: "wasm", spoiled: true })));
    await expect(trap.session.run(batch)).rejects.toMatchObject({ fields: { backend: "wasm" } });
    expect(trap.reopen).not.toHaveBeenCalled();
  });

  it("does not run a batch again that was too large for the memory: it is for the caller to make it smaller", async () => {
    const { session, reopen } = recovering(
      fake(1, () => lost("a run failed: Out of memory")),
      fake(2),
    );
    await expect(session.run(batch)).rejects.toThrow("Out of memory");
    expect(reopen).not.toHaveBeenCalled();
    expect((await session.run(batch)).pooled).toEqual(Float32Array.of(2));
  });

  it("is disposed of with what runs now, and opens nothing after", async () => {
    const [first, second] = [fake(1, lost), fake(2)];
    const { session } = recovering(first, second);
    await session.run(batch);
    await session.dispose();
    expect(second.dispose).toHaveBeenCalledOnce();
    await expect(session.run(batch)).rejects.toMatchObject({ code: "disposed" });
  });
});
