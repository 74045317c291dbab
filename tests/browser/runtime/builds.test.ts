/** Which of ONNX Runtime's builds is taken, and from where. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadBuild } from "#runtime/builds.ts";
import { openSession } from "#runtime/open-session.ts";
import { hasJspi, listBackends, usableThreads } from "#runtime/probe.ts";
import goldensTiny from "../../oracle/goldens-tiny.json";
import { type Golden, largestDifference, runGolden } from "../../unit/graph/support/goldens.ts";
import { syntheticModel } from "../../unit/graph/support/synthetic-model.ts";

const tiny = syntheticModel({ layers: 2, hidden: 64, heads: 4, ffn: 128, vocab: 250002, colbertDim: 64, maxPositions: 8194 });
const goldens = goldensTiny.texts as unknown as readonly Golden[];

afterEach(() => vi.restoreAllMocks());

describe("a browser without JSPI", () => {
  it("runs the WebGPU build that does without", async () => {
    expect(hasJspi()).toBe(true);
    const suspending = Reflect.get(WebAssembly, "Suspending");
    Reflect.deleteProperty(WebAssembly, "Suspending");
    try {
      const session = await openSession(tiny, { backend: "webgpu" });
      expect(session.info.engine).toContain("(webgpu)");
      for (const golden of [goldens[0]!, goldens[2]!]) {
        expect(largestDifference(await runGolden(session, tiny.manifest, golden, tiny.embed(golden.ids)), golden)).toBeLessThan(1e-4);
      }
      await session.dispose();
    } finally {
      Object.defineProperty(WebAssembly, "Suspending", { value: suspending, configurable: true, writable: true });
    }
  });
});

it("takes ONNX Runtime's files from where it is told", async () => {
  const fetched = vi.spyOn(globalThis, "fetch");
  const wasmBaseUrl = `${location.origin}/node_modules/onnxruntime-web/dist/`;
  const { ort } = await loadBuild("wasm", { wasmBaseUrl, threads: 1 });
  expect(ort.env.wasm.wasmPaths).toBe(wasmBaseUrl);
  const session = await openSession(tiny, { backend: "wasm", threads: 1, wasmBaseUrl });
  expect(fetched.mock.calls.map(([url]) => String(url))).toContain(`${wasmBaseUrl}ort-wasm-simd-threaded.wasm`);
  const golden = goldens[0]!;
  expect(largestDifference(await runGolden(session, tiny.manifest, golden, tiny.embed(golden.ids)), golden)).toBeLessThan(1e-4);
  await session.dispose();
});

describe("what there is", () => {
  it("is listed by preference, within the choice", async () => {
    const webgpu = { backend: "webgpu", available: true, software: true, half: false, reason: "google swiftshader" };
    const wasm = { backend: "wasm", available: true, software: false, half: false, reason: expect.stringMatching(/thread/) };
    expect(await listBackends("auto")).toEqual([webgpu, wasm]);
    expect(await listBackends("webgpu")).toEqual([webgpu]);
    expect(await listBackends("wasm")).toEqual([wasm]);
  });

  it("includes no WebGPU without an adapter", async () => {
    vi.spyOn(navigator.gpu, "requestAdapter").mockResolvedValue(null);
    expect(await listBackends("webgpu")).toEqual([{ backend: "webgpu", available: false, software: false, half: false, reason: "there is no WebGPU adapter" }]);
    await expect(openSession(tiny, { backend: "webgpu" })).rejects.toMatchObject({ code: "backend-failed" });
  });

  it("includes threads as many as there are cores, at most four, and no more than asked for", () => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    expect(usableThreads()).toBe(Math.min(4, navigator.hardwareConcurrency));
    expect(usableThreads(1)).toBe(1);
    vi.stubGlobal("crossOriginIsolated", false);
    expect(usableThreads(4)).toBe(1);
    vi.unstubAllGlobals();
  });
});
