/** The encoder's kernels against their references, whichever module they are of. Tolerances are families: what kind of arithmetic a kernel does. */
import { beforeAll, describe, expect, it } from "vitest";
import { compileKernels, instantiateKernels, type KernelFunctions, type ModuleKind, type RelaxedFunctions } from "#runtime/wasm-encoder/kernels.ts";
import { LinearMemory } from "#runtime/wasm-encoder/linear-memory.ts";
import * as reference from "#runtime/wasm-encoder/reference.ts";
import { attended, attentionRows, linearCase, type QuantisedKind, runFloatLinear, runLayerNorm, runQuantised } from "./encoder-kernel-runs.ts";

/** Relative to the largest number of the result. */
const TOLERANCE = {
  /** float32 throughout, some hundreds of additions. */
  float: 2e-6,
  /** Whole-number products of rounded activations, joined in float32: the same rounding is in the reference. */
  exactInteger: 2e-6,
  /** Powers of e in steps of 2^-15, by a polynomial of relative error 7.5e-5. */
  powers: 3e-4,
  /** Activations rounded to 8 bits and weights, or keys and powers, to 7: against unrounded numbers. */
  eightBits: 0.03,
} as const;

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  let [largest, worst] = [1e-30, 0];
  for (let index = 0; index < found.length; index++) {
    largest = Math.max(largest, Math.abs(expected[index]!));
    const difference = Math.abs(found[index]! - expected[index]!);
    worst = difference <= worst ? worst : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  expect(worst / largest).toBeLessThan(tolerance);
}

export function describeEncoderKernels(kind: ModuleKind): void {
  describe(`the ${kind} kernels`, () => {
    const memory = new LinearMemory(false);
    let kernels: KernelFunctions;
    beforeAll(async () => {
      kernels = await instantiateKernels(await compileKernels(kind, false), memory.memory);
    });

    it("normalise rows, alone and after an addition", () => {
      for (const added of [false, true]) {
        const { found, expected } = runLayerNorm(kernels, memory, 7, 384, added);
        expectNear(found, expected, TOLERANCE.float);
      }
    });

    it("compute the exact GELU, from far below to far above zero", () => {
      const x = Float32Array.from({ length: 4000 }, (_, index) => (index - 2000) / 150);
      const address = memory.end;
      memory.require(address + x.byteLength);
      for (const [gelu, tolerance] of [
        [kernels.gelu, 1e-6],
        [kernels.geluRounded, 6e-6],
      ] as const) {
        memory.float32(address, x.length).set(x);
        gelu(address, x.length);
        const found = memory.float32(address, x.length);
        for (const [index, value] of x.entries()) expect(Math.abs(found[index]! - reference.gelu(value))).toBeLessThan(tolerance);
      }
    });

    it.each([
      [1, 5, 8],
      [6, 64, 24],
      [33, 384, 128],
    ])("multiply %i rows of %i in float32 to %i", (rows, inputs, outputs) => {
      const { found, expected } = runFloatLinear(kernels, memory, linearCase(rows, inputs, outputs));
      expectNear(found, expected, TOLERANCE.float);
    });

    type Pick = (functions: KernelFunctions) => KernelFunctions["linearBlocks"];
    const inAll: (readonly [QuantisedKind, string, Pick])[] = [
      ["blocks", "blocks of 4 bits", (functions) => functions.linearBlocks],
      ["bytes", "bytes", (functions) => functions.linearBytes],
    ];
    const inRelaxed: typeof inAll = [
      ["blocks", "blocks of 4 bits, dot products", (functions) => (functions as RelaxedFunctions).linearBlocksDot],
      ["bytes", "bytes, dot products", (functions) => (functions as RelaxedFunctions).linearBytesDot],
    ];
    const forms = kind === "relaxed" ? [...inAll, ...inRelaxed] : inAll;
    describe.each(forms)("with weights in %s (%s)", (weights, _, pick) => {
      it.each([
        [1, 32, 8],
        [5, 64, 16],
        [32, 384, 48],
        [31, 1536, 24],
      ])("multiply %i rows of %i to %i", (rows, inputs, outputs) => {
        const { found, sameRounding, unrounded } = runQuantised(kernels, pick(kernels), kind, weights, memory, linearCase(rows, inputs, outputs));
        expectNear(found, sameRounding, TOLERANCE.exactInteger);
        expectNear(found, unrounded, TOLERANCE.eightBits);
      });
    });

    const sizes = [
      [1, 8],
      [9, 32],
      [64, 16],
      [300, 32],
      [513, 64],
    ] as const;
    it.each(sizes)("attend over %i tokens in heads of %i", (tokens, dim) => {
      const { found, expected } = attended(kernels, memory, attentionRows(tokens, dim, 1), dim, "float");
      expectNear(found, expected, TOLERANCE.float);
    });

    it.each(sizes)("attend in whole numbers over %i tokens in heads of %i", (tokens, dim) => {
      const { found, expected } = attended(kernels, memory, attentionRows(tokens, dim, 1), dim, "whole");
      expectNear(found, expected, TOLERANCE.powers);
    });

    if (kind === "relaxed") {
      it.each([...sizes, [1030, 64] as const])("attend in bytes over %i tokens in heads of %i", (tokens, dim) => {
        const { found, expected, unrounded } = attended(kernels, memory, attentionRows(tokens, dim, 1), dim, "bytes");
        expectNear(found, expected, TOLERANCE.exactInteger);
        expectNear(found, unrounded, TOLERANCE.eightBits);
      });

      it("attend in bytes where keys lie far from zero, where all are alike, and where scores are far apart", () => {
        const rows = attentionRows(300, 32, 1);
        const shifted = rows.map((one, index) => (index % 96 >= 32 && index % 96 < 64 ? one + 20 * (((index % 96) % 5) - 2) : one));
        const far = attended(kernels, memory, shifted, 32, "bytes");
        expectNear(far.found, far.expected, TOLERANCE.exactInteger);
        expectNear(far.found, far.unrounded, TOLERANCE.eightBits);
        const alike = attended(
          kernels,
          memory,
          Float32Array.from(rows, (one, index) => (index % 96 < 32 ? one : index % 96)),
          32,
          "bytes",
        );
        expectNear(alike.found, alike.unrounded, TOLERANCE.float);
        for (const spread of [30, 1000]) {
          const apart = attended(kernels, memory, attentionRows(270, 16, spread), 16, "bytes");
          expectNear(apart.found, apart.expected, TOLERANCE.exactInteger);
        }
      });
    }

    it("attend where one score is far above all others, and where all are far below zero", () => {
      for (const spread of [30, 1000]) {
        const rows = attentionRows(270, 16, spread);
        const float = attended(kernels, memory, rows, 16, "float");
        expectNear(float.found, float.expected, 1e-4);
        const whole = attended(kernels, memory, rows, 16, "whole");
        expectNear(whole.found, whole.expected, 1e-3);
      }
    });
  });
}
