import { describe, expect, it, vi } from "vitest";
import { BackendError, OutOfMemoryError } from "#core/errors.ts";
import type { EncoderSession, TokenBatch } from "#core/session.ts";
import { halvingSession, isOutOfMemory } from "#encoder/halving-session.ts";

const WIDTH = 3;
const outputs = { dense: true, lexical: true, colbert: false };

/** A session with room for so many tokens, whose outputs tell which rows it was given. */
function narrow(room: number, failure = () => new BackendError("a run failed: std::bad_alloc.", { backend: "wasm" })) {
  const run = vi.fn(async ({ rows, lengths }: TokenBatch) => {
    const tokens = rows.length / WIDTH;
    if (tokens > room) throw failure();
    const starts = lengths.map((_, text) => lengths.slice(0, text).reduce((sum, length) => sum + length, 0));
    return {
      pooled: Float32Array.from(starts.flatMap((start) => [...rows.subarray(start * WIDTH, (start + 1) * WIDTH)])),
      lexical: Float32Array.from({ length: tokens }, (_, token) => rows[token * WIDTH]!),
      colbert: null,
      hidden: null,
      computedTokens: tokens,
    };
  });
  const batch = { tokenBudget: 512, maxTexts: 64, maxPadding: 0 };
  const session: EncoderSession = { info: { backend: "wasm", engine: "", precision: "", threads: 1, batch }, run, dispose: async () => {} };
  return { session, run };
}

const batchOf = (...lengths: number[]): TokenBatch => ({
  rows: Float32Array.from({ length: lengths.reduce((sum, length) => sum + length, 0) * WIDTH }, (_, index) => index),
  lengths,
  outputs,
});

describe("halvingSession", () => {
  it("gives what the whole batch would have given, in its order", async () => {
    const batch = batchOf(4, 1, 3, 2, 2);
    const whole = await narrow(100).session.run(batch);
    for (const room of [11, 6, 5, 4]) {
      const { session, run } = narrow(room);
      expect(await halvingSession(session).run(batch), `room for ${room}`).toEqual(whole);
      expect(run.mock.calls.length).toBeGreaterThan(2);
    }
  });

  it("leaves a batch that fits alone", async () => {
    const { session, run } = narrow(100);
    await halvingSession(session).run(batchOf(4, 4));
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("gives up at a single text, with an error that says how long it is", async () => {
    const { session, run } = narrow(3);
    await expect(halvingSession(session).run(batchOf(2, 4))).rejects.toMatchObject({
      code: "out-of-memory",
      fields: { tokens: 4, backend: "wasm" },
      message: expect.stringMatching(/4 tokens.*smaller maxLength/),
    });
    expect(run.mock.calls.map(([{ lengths }]) => lengths)).toEqual([[2, 4], [2], [4]]);
  });

  it("does not touch other failures, nor an engine that has trapped", async () => {
    const other = narrow(1, () => new BackendError("a run failed: no such kernel."));
    await expect(halvingSession(other.session).run(batchOf(2, 2))).rejects.toMatchObject({ code: "backend-failed" });
    expect(other.run).toHaveBeenCalledTimes(1);
    const trapped = narrow(1, () => new BackendError("a run failed: Aborted(OOM).", { backend: "wasm", spoiled: true }));
    await expect(halvingSession(trapped.session).run(batchOf(2, 2))).rejects.toMatchObject({ code: "backend-failed" });
    expect(trapped.run).toHaveBeenCalledTimes(1);
  });

  it("stops between two halves when it is aborted", async () => {
    const controller = new AbortController();
    const { session, run } = narrow(1, () => {
      controller.abort(new Error("enough"));
      return new BackendError("out of memory");
    });
    await expect(halvingSession(session).run(batchOf(2, 2), { signal: controller.signal })).rejects.toThrow("enough");
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("plans batches of so many texts from the beginning where it is told to", () => {
    const { session } = narrow(1);
    expect(halvingSession(session, 1).info.batch).toEqual({ ...session.info.batch, maxTexts: 1 });
    expect(halvingSession(session).info).toBe(session.info);
  });
});

describe("isOutOfMemory", () => {
  it.each([
    "failed to call OrtRun(). ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc",
    "Array buffer allocation failed",
    "WebAssembly.Memory(): could not allocate memory",
    "Aborted(OOM)",
    "Out of memory",
    "Failed to allocate memory for requested buffer of size 123",
  ])("knows %s, also as a cause", (message) => {
    expect(isOutOfMemory(new Error(message))).toBe(true);
    expect(isOutOfMemory(new Error("a run failed", { cause: new Error(message) }))).toBe(true);
  });

  it("knows what our own encoder throws, whatever the browser says", () => {
    const refused = new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    expect(isOutOfMemory(new OutOfMemoryError(512, "wasm", { cause: refused }))).toBe(true);
  });

  it("knows what it is not", () => {
    for (const thrown of [new Error("the room is empty"), "bad_alloc", undefined]) expect(isOutOfMemory(thrown)).toBe(false);
  });
});
