/**
 * The encoder's kernels, whichever module they are of, on random shapes and extreme activations: what the references give, in their tolerances, and never NaN or infinite.
 * A failure prints the seed and the case that fails.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { compileKernels, instantiateKernels, type KernelFunctions, type ModuleKind, type RelaxedFunctions } from "#runtime/wasm-encoder/kernels.ts";
import { LinearMemory } from "#runtime/wasm-encoder/linear-memory.ts";
import * as reference from "#runtime/wasm-encoder/reference.ts";
import { seededRandom } from "../unit/scoring/random.ts";
import { attended, normals, placer, type QuantisedKind, runQuantised } from "./encoder-kernel-runs.ts";

const SEED = 20261128;
/** float32 loses so much of the largest number of a row on the way to a sum of thousands. */
const FLOAT = 1e-5;
const LEAST_NORMAL = 2 ** -126;
/** Smaller numbers may become zeros. */
const NOTHING = 1e-25;

/** What a row of activations may look like. */
const ROW_KINDS = ["normal", "outliers", "denormal", "zero", "constant", "one-sided", "huge"] as const;
type RowKind = (typeof ROW_KINDS)[number];

/** Rows of those kinds, in turn. The places of outliers are those of the same channels in all rows, as models have them. */
function activations(rows: number, size: number, kinds: readonly RowKind[], seed: number): Float32Array {
  const random = seededRandom(seed);
  const x = normals(rows * size);
  const channels = Array.from({ length: 3 }, () => Math.floor(random() * size));
  for (let row = 0; row < rows; row++) {
    const part = x.subarray(row * size, (row + 1) * size);
    switch (kinds[row % kinds.length]!) {
      case "normal":
        break;
      case "outliers":
        for (const channel of channels) part[channel]! *= 1000;
        break;
      case "denormal":
        for (let index = 0; index < size; index++) part[index]! *= 2 ** -140;
        break;
      case "zero":
        part.fill(0);
        break;
      case "constant":
        part.fill(part[0]!);
        break;
      case "one-sided":
        for (let index = 0; index < size; index++) part[index] = Math.max(-0.17, part[index]! * 20);
        break;
      case "huge":
        for (let index = 0; index < size; index++) part[index]! *= 1e15;
    }
  }
  return x;
}

/** Row by row, for a row of large numbers must not hide what is wrong in a row of small ones. */
function expectRowsNear(found: ArrayLike<number>, expected: ArrayLike<number>, size: number, tolerance: number, least: (row: number) => number): void {
  expect(found.length).toBe(expected.length);
  for (let first = 0; first < found.length; first += size) {
    let [largest, worst] = [Math.max(NOTHING, least(first / size)), 0];
    for (let index = first; index < first + size; index++) {
      if (!Number.isFinite(found[index])) throw new Error(`Number ${index} is ${found[index]} instead of ${expected[index]}.`);
      largest = Math.max(largest, Math.abs(expected[index]!));
      worst = Math.max(worst, Math.abs(found[index]! - expected[index]!));
    }
    if (worst > tolerance * largest) throw new Error(`Row ${first / size} is ${worst} from what it must be, where its largest number is ${largest}.`);
  }
}

const kindsOfRows = fc.array(fc.constantFrom(...ROW_KINDS), { minLength: 1, maxLength: 5 });
const tokens = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 600 }) });
/** Inputs of the products of m3-mini, and of BGE-M3. */
const inputs = fc.constantFrom(384, 1536, 1024, 4096);
const seed = fc.nat();

export function fuzzEncoderKernels(kind: ModuleKind, numRuns: number): void {
  const options = { seed: SEED, numRuns, endOnFailure: true } as const;

  describe(`the ${kind} kernels on random shapes and extreme activations (seed ${SEED})`, () => {
    const memory = new LinearMemory(false);
    let kernels: KernelFunctions;
    beforeAll(async () => {
      kernels = await instantiateKernels(await compileKernels(kind, false), memory.memory);
    });

    const forms: readonly (keyof RelaxedFunctions & `linear${string}`)[] =
      kind === "relaxed" ? ["linearBlocks", "linearBlocksDot", "linearBytes", "linearBytesDot"] : ["linearBlocks", "linearBytes"];
    it.each(forms)("%s", (name) => {
      const weights: QuantisedKind = name.startsWith("linearBlocks") ? "blocks" : "bytes";
      const linear = (kernels as RelaxedFunctions)[name] as KernelFunctions["linearBlocks"];
      const property = fc.property(tokens, inputs, fc.constantFrom(8, 24), kindsOfRows, seed, (rows, size, outputs, kinds, start) => {
        const x = activations(rows, size, kinds, start);
        const one = { rows, inputs: size, outputs, x, weights: normals(outputs * size, 0.1), bias: normals(outputs) };
        const { found, sameRounding } = runQuantised(kernels, linear, kind, weights, memory, one);
        // What is added up may be far larger than the sum.
        const reach = (row: number) =>
          0.1 * x.subarray(row * size, (row + 1) * size).reduce((most, value) => Math.max(most, Math.abs(value)), 0) * Math.sqrt(size);
        expectRowsNear(found, sameRounding, outputs, FLOAT, reach);
      });
      fc.assert(property, options);
    });

    it.each(["float", "whole"] as const)("attention, %s", (how) => {
      const property = fc.property(tokens, fc.constantFrom(32, 64), kindsOfRows, seed, (length, dim, kinds, start) => {
        // Scores of 1e30 are beyond float32's exponents; those of rows a thousand times larger than normal are not.
        const rows = activations(
          length,
          3 * dim,
          kinds.map((one) => (one === "huge" ? "outliers" : one)),
          start,
        );
        const { found, expected } = attended(kernels, memory, rows, dim, how);
        // An error of a score is one of a power, and scores of a million have steps of a sixteenth in float32.
        const largest = rows.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const score = (largest * largest * dim) / Math.sqrt(dim);
        const powers = how === "float" ? 0 : 2e-3 + length * 2 ** -16;
        expectRowsNear(found, expected, length * dim, Math.min(2, FLOAT + score * 2 ** -21 + powers), () => largest);
      });
      fc.assert(property, options);
    });

    it("layerNorm", () => {
      const property = fc.property(tokens, fc.constantFrom(384, 1024), fc.boolean(), kindsOfRows, seed, (rows, size, added, kinds, start) => {
        const x = activations(
          rows,
          size,
          kinds.map((one) => (one === "huge" ? "normal" : one)),
          start,
        );
        const y = activations(
          rows,
          size,
          [...kinds].reverse().map((one) => (one === "huge" ? "normal" : one)),
          start + 1,
        );
        const [gamma, beta] = [normals(size), normals(size)];
        const place = placer(memory);
        const [xAt, yAt, gammaAt, betaAt] = [x, y, gamma, beta].map(place) as [number, number, number, number];
        kernels.layerNorm(xAt, added ? yAt : 0, rows, size, gammaAt, betaAt, 1e-5);
        const expected = reference.layerNorm(x, added ? y : null, size, gamma, beta, 1e-5);
        // Where numbers hardly differ, what float32 loses of them is divided by as little.
        const lost = (row: number) => {
          const sums = Array.from({ length: size }, (_, index) => x[row * size + index]! + (added ? y[row * size + index]! : 0));
          const mean = sums.reduce((total, value) => total + value, 0) / size;
          const deviation = Math.sqrt(sums.reduce((total, value) => total + (value - mean) ** 2, 0) / size + 1e-5);
          return 2 + sums.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / deviation;
        };
        expectRowsNear(memory.float32(xAt, x.length), expected, size, 5e-6, lost);
      });
      fc.assert(property, options);
    });

    it("both forms of GELU", () => {
      const property = fc.property(kindsOfRows, seed, (kinds, start) => {
        const x = activations(4, 64, kinds, start);
        const at = placer(memory)(x.length * 4);
        for (const gelu of [kernels.gelu, kernels.geluRounded]) {
          memory.float32(at, x.length).set(x);
          gelu(at, x.length);
          const found = memory.float32(at, x.length);
          for (const [index, value] of x.entries()) {
            const difference = Math.abs(found[index]! - reference.gelu(value));
            if (!(difference <= 6e-6 + Math.abs(value) * 2e-7)) throw new Error(`gelu(${value}) is ${found[index]}.`);
          }
        }
      });
      fc.assert(property, options);
    });

    it("takes the smallest numbers that there are", () => {
      const x = Float32Array.from({ length: 384 }, (_, index) => (index % 2 === 0 ? LEAST_NORMAL : -(2 ** -149)));
      const one = { rows: 1, inputs: 384, outputs: 8, x, weights: normals(8 * 384), bias: new Float32Array(8) };
      const { found } = runQuantised(kernels, kernels.linearBlocks, kind, "blocks", memory, one);
      expect(found.every((value) => Math.abs(value) < 1e-30)).toBe(true);
    });
  });
}
