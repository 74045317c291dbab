import { describe, expect, it, vi } from "vitest";
import { BackendError, MissingShardError } from "#core/errors.ts";
import type { EncoderSession } from "#core/session.ts";
import type { SelfTestResult } from "#encoder/self-test.ts";
import { type Candidate, chooseDevice, type SelfTest } from "#worker/choose-device.ts";

const good = (tokensPerSecond: number): SelfTestResult => ({ passed: true, worstCosine: 0.999, detail: "cosine 0.9990 or better on 2 texts", tokensPerSecond });
const bad: SelfTestResult = { passed: false, worstCosine: 0.1, detail: "cosine 0.1000 instead of at least 0.99", tokensPerSecond: null };

/** A machine with these candidates; `result` is what the self-test says, or what opening throws. */
function machine(...list: { backend: "webgpu" | "wasm"; variant?: string; result: SelfTestResult | Error | string }[]) {
  const opened: string[] = [];
  const disposed: string[] = [];
  const results = new Map<EncoderSession, SelfTestResult>();
  const candidates = list.map(({ backend, variant = "", result }): Candidate => {
    const name = backend + variant;
    return {
      backend,
      variant,
      unavailable: typeof result === "string" ? result : null,
      async open() {
        opened.push(name);
        if (result instanceof Error) throw result;
        const session: EncoderSession = {
          info: { backend, engine: `engine of ${name}`, precision: variant || "q4", threads: 1, batch: { tokenBudget: 1, maxTexts: 1, maxPadding: 0 } },
          run: () => Promise.reject(new Error("not here")),
          async dispose() {
            disposed.push(name);
          },
        };
        results.set(session, result as SelfTestResult);
        return session;
      },
    };
  });
  const selfTest = vi.fn<SelfTest>(async (session) => results.get(session)!);
  return { candidates, selfTest, opened, disposed };
}

describe("chooseDevice", () => {
  it("keeps the faster of two backends that pass, whichever it is", async () => {
    for (const [webgpu, wasm, winner] of [
      [5000, 900, "webgpu"],
      [400, 900, "wasm"],
    ] as const) {
      const { candidates, selfTest, disposed } = machine({ backend: "webgpu", result: good(webgpu) }, { backend: "wasm", result: good(wasm) });
      const { session, story } = await chooseDevice(candidates, selfTest);
      const loser = winner === "wasm" ? "webgpu" : "wasm";
      expect(session.info.backend).toBe(winner);
      expect(disposed).toEqual([loser]);
      expect(story).toMatchObject({ backend: winner, engine: `engine of ${winner}`, precision: "q4", threads: 1 });
      expect(story.why).toMatch(loser === "wasm" ? /^Faster here than WebAssembly/ : /^Faster here than WebGPU; one thread/);
      expect(story.attempts).toEqual([
        expect.objectContaining({ backend: "webgpu", outcome: winner === "webgpu" ? "chosen" : "slower", tokensPerSecond: webgpu }),
        expect.objectContaining({ backend: "wasm", outcome: winner === "wasm" ? "chosen" : "slower", tokensPerSecond: wasm }),
      ]);
    }
  });

  it("tells why 16-bit floats are not used, and uses the backend without them", async () => {
    const { candidates, selfTest, opened } = machine(
      { backend: "webgpu", variant: "fp16", result: "apple metal-3 has no shader-f16" },
      { backend: "webgpu", result: good(5000) },
    );
    const { story } = await chooseDevice(candidates, selfTest);
    expect(opened).toEqual(["webgpu"]);
    expect(story).toMatchObject({ backend: "webgpu", precision: "q4", why: "fp16 is not to be had (apple metal-3 has no shader-f16)." });
    expect(story.attempts[0]).toMatchObject({ backend: "webgpu", outcome: "unavailable", reason: "fp16: apple metal-3 has no shader-f16" });
  });

  it("does not use 16-bit floats that fail the self-test", async () => {
    const { candidates, selfTest, disposed } = machine({ backend: "webgpu", variant: "fp16", result: bad }, { backend: "webgpu", result: good(5000) });
    const { story } = await chooseDevice(candidates, selfTest);
    expect(disposed).toEqual(["webgpufp16"]);
    expect(story).toMatchObject({ backend: "webgpu", precision: "q4", why: expect.stringMatching(/fp16: self-test: cosine 0\.1000/) });
  });

  it("takes the next variant when one gives wrong numbers, and tries no further one of a backend that passed", async () => {
    const { candidates, selfTest, opened, disposed } = machine(
      { backend: "webgpu", result: bad },
      { backend: "webgpu", variant: "fp32", result: good(2000) },
      { backend: "webgpu", variant: "slow", result: good(1) },
      { backend: "wasm", result: good(900) },
    );
    const { session, story } = await chooseDevice(candidates, selfTest);
    expect(session.info.precision).toBe("fp32");
    expect(opened).toEqual(["webgpu", "webgpufp32", "wasm"]);
    expect(disposed).toEqual(["webgpu", "wasm"]);
    expect(story.attempts.map(({ backend, outcome, reason }) => [backend, outcome, reason])).toEqual([
      ["webgpu", "failed", "self-test: cosine 0.1000 instead of at least 0.99"],
      ["webgpu", "chosen", "fp32: cosine 0.9990 or better on 2 texts"],
      ["wasm", "slower", "cosine 0.9990 or better on 2 texts"],
    ]);
  });

  it("ends at WASM when WebGPU is missing or broken, and says so", async () => {
    const { candidates, selfTest } = machine(
      { backend: "webgpu", result: new BackendError("device lost") },
      { backend: "webgpu", variant: "fp32", result: "no adapter" },
      { backend: "wasm", result: good(900) },
    );
    const { story } = await chooseDevice(candidates, selfTest);
    expect(story.backend).toBe("wasm");
    expect(story.why).toMatch(/^WebGPU failed \(device lost\); WebGPU is not to be had \(fp32: no adapter\); one thread/);
    expect(story.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "unavailable", "chosen"]);
  });

  it("measures only where there is a choice", async () => {
    const rivals = machine({ backend: "webgpu", result: good(2) }, { backend: "wasm", result: good(1) });
    await chooseDevice(rivals.candidates, rivals.selfTest);
    expect(rivals.selfTest.mock.calls.map(([, { measure }]) => measure)).toEqual([true, true]);
    const alone = machine({ backend: "webgpu", result: "no adapter" }, { backend: "wasm", result: good(1) });
    await chooseDevice(alone.candidates, alone.selfTest);
    expect(alone.selfTest.mock.calls.map(([, { measure }]) => measure)).toEqual([false]);
  });

  it("gives up with every attempt when nothing passes", async () => {
    const { candidates, selfTest, disposed } = machine({ backend: "webgpu", result: "no adapter" }, { backend: "wasm", result: bad });
    const error = await chooseDevice(candidates, selfTest).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "backend-failed", message: expect.stringMatching(/no adapter.*cosine 0\.1/) });
    expect(error.fields.attempts).toHaveLength(2);
    expect(disposed).toEqual(["wasm"]);
    await expect(chooseDevice([], selfTest)).rejects.toMatchObject({ code: "backend-failed" });
  });

  it("does not go on to another backend when the model itself is at fault", async () => {
    const { candidates, selfTest, opened } = machine({ backend: "webgpu", result: new MissingShardError("x", "gone.") }, { backend: "wasm", result: good(1) });
    await expect(chooseDevice(candidates, selfTest)).rejects.toMatchObject({ code: "missing-shard" });
    expect(opened).toEqual(["webgpu"]);

    const damaged = machine({ backend: "webgpu", result: good(1) }, { backend: "wasm", result: good(1) });
    const selfTestThrows = vi.fn(async (session: EncoderSession) => {
      if (session.info.backend === "wasm") throw new MissingShardError("page", "gone.");
      return good(1);
    });
    await expect(chooseDevice(damaged.candidates, selfTestThrows)).rejects.toMatchObject({ code: "missing-shard" });
    expect(damaged.disposed.toSorted()).toEqual(["wasm", "webgpu"]);
  });

  it("stops when the signal is aborted, and leaves no session open", async () => {
    const controller = new AbortController();
    const { candidates, selfTest, opened, disposed } = machine({ backend: "webgpu", result: good(1) }, { backend: "wasm", result: good(1) });
    selfTest.mockImplementation(async () => {
      controller.abort(new Error("stop"));
      return good(1);
    });
    await expect(chooseDevice(candidates, selfTest, controller.signal)).rejects.toThrow("stop");
    expect(opened).toEqual(["webgpu"]);
    expect(disposed).toEqual(["webgpu"]);
  });
});
