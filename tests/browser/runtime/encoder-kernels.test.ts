/** Both modules of the encoder's kernels, where relaxed SIMD is. */
import { expect, it } from "vitest";
import { hasRelaxedSimd } from "#runtime/wasm-encoder/kernels.ts";
import { describeEncoderKernels } from "../../contract/encoder-kernels.ts";

it("has relaxed SIMD", () => expect(hasRelaxedSimd()).toBe(true));

describeEncoderKernels("plain");
describeEncoderKernels("relaxed");
