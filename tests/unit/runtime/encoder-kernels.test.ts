/** The encoder's kernels in Node, which has no relaxed SIMD here: the browser's test has both modules. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KERNELS_BYTES as PLAIN_BYTES } from "#runtime/wasm-encoder/generated/plain.ts";
import { KERNELS_BYTES as RELAXED_BYTES } from "#runtime/wasm-encoder/generated/relaxed.ts";
import { generatedFile, generateKernels, kernelModules } from "../../../tools/build-kernels.ts";
import { describeEncoderKernels } from "../../contract/encoder-kernels.ts";

describeEncoderKernels("plain");

describe("the generated modules", () => {
  it.each([kernelModules.encoderRelaxed, kernelModules.encoderPlain])(
    "are what the assembly compiles to (npx tsx tools/build-kernels.ts): $file",
    async (module) => {
      expect(readFileSync(generatedFile(module), "utf8")).toBe(await generateKernels(module));
    },
  );

  it("are small", () => {
    expect(RELAXED_BYTES).toBeLessThan(32_000);
    expect(PLAIN_BYTES).toBeLessThan(18_000);
  });
});
