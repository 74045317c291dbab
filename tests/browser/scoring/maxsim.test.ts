/** The MaxSim suite in the browser: the WASM kernels once more, and the shader on software WebGPU, where any validation error fails the test. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import { GpuMaxsim } from "#scoring/maxsim/gpu.ts";
import { maxsimReference } from "#scoring/maxsim/reference.ts";
import { joinTokens, toInt8 } from "#scoring/maxsim/token-matrix.ts";
import { WasmMaxsim } from "#scoring/maxsim/wasm.ts";
import { describeMaxsim } from "../../contract/maxsim.ts";
import { seededRandom, unitVectors } from "../../unit/scoring/random.ts";

const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error("This Chromium has no WebGPU adapter: start it with --enable-unsafe-webgpu.");
const device = await adapter.requestDevice();
const kernels = await Kernels.create();
// One for all tests: software WebGPU takes half a second to compile a shader.
const gpu = new GpuMaxsim(device);

beforeEach(() => {
  device.pushErrorScope("validation");
});

afterEach(async () => {
  expect(await device.popErrorScope()).toBeNull();
});

describeMaxsim("webgpu", async () => gpu);
describeMaxsim("wasm", async () => new WasmMaxsim(kernels));

const vectors = (tokens: number, dim: number, random: () => number) => ({ data: unitVectors(tokens, dim, random), tokens, dim });

it("splits documents that do not fit in one binding", async () => {
  const limits = new Proxy(device.limits, { get: (target, key) => (key === "maxStorageBufferBindingSize" ? 64 * 50 : Reflect.get(target, key, target)) });
  const small = new Proxy(device, {
    get: (target, key) => {
      if (key === "limits") return limits;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const random = seededRandom(1);
  const matrix = toInt8(
    joinTokens(
      [20, 30, 1, 0, 49, 50, 7].map((tokens) => vectors(tokens, 64, random)),
      64,
    ),
  );
  const query = vectors(5, 64, random);
  const loaded = new GpuMaxsim(small).load(matrix);
  const expected = maxsimReference(query, matrix);
  for (const [document, score] of (await loaded.score(query)).entries()) expect(Math.abs(score - expected[document]!)).toBeLessThan(5e-4);
  loaded.dispose();
  const tooLarge = toInt8(joinTokens([vectors(51, 64, random)], 64));
  expect(() => new GpuMaxsim(small).load(tooLarge)).toThrow(expect.objectContaining({ code: "invalid-input" }));
});

it("refuses documents that were disposed of", async () => {
  const random = seededRandom(2);
  const loaded = new GpuMaxsim(device).load(toInt8(joinTokens([vectors(3, 64, random)], 64)));
  loaded.dispose();
  await expect(loaded.score(vectors(2, 64, random))).rejects.toMatchObject({ code: "disposed" });
});

it("says when the device is gone", async () => {
  const another = await navigator.gpu.requestAdapter();
  const lost = await another!.requestDevice();
  const random = seededRandom(3);
  const loaded = new GpuMaxsim(lost).load(toInt8(joinTokens([vectors(3, 64, random)], 64)));
  lost.destroy();
  await expect(loaded.score(vectors(2, 64, random))).rejects.toMatchObject({ code: "backend-failed" });
});
