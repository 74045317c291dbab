/** Our own encoder on random ragged batches, in the hidden sizes of both models, against the whole encoder in float64. A failure prints the seed and the case that fails. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EncoderSession } from "#core/session.ts";
import { openWasmEncoder } from "#runtime/wasm-encoder/engine.ts";
import type { ModuleKind } from "#runtime/wasm-encoder/kernels.ts";
import { cosine } from "../unit/graph/support/goldens.ts";
import { syntheticModel } from "../unit/graph/support/synthetic-model.ts";
import { normals } from "./encoder-kernel-runs.ts";
import { type ReferenceEncoder, referenceEncoder } from "./reference-encoder.ts";

const SEED = 20261128;
const COMMON = { vocab: 100, colbertDim: 32, maxPositions: 700 };
const MINI = { ...COMMON, layers: 1, hidden: 384, heads: 12, ffn: 1536 };
const FULL = { ...COMMON, layers: 1, hidden: 1024, heads: 16, ffn: 4096 };
const HIDDEN = { dense: true, lexical: true, colbert: true, hidden: true };

/** Every number, in float32; direction, where activations have 8 bits. */
const LARGEST_DIFFERENCE = 2e-4;
const LEAST_COSINE = 0.995;

const CASES = [
  ["m3-mini's sizes, float32", MINI, undefined, 40],
  ["m3-mini's sizes, 4 bits", MINI, 4, 40],
  // A layer of those is seven of m3-mini's.
  ["BGE-M3's sizes, 8 bits", FULL, 8, 5],
] as const;

/** How rows look before the first LayerNorm. */
const ROWS = ["normal", "outliers", "denormal", "zero"] as const;

export function fuzzEncoderBatches(kind: ModuleKind, numRuns: number): void {
  describe.each(CASES)(`random batches, ${kind} kernels (seed ${SEED}), %s`, (_, size, bits, longest) => {
    let session: EncoderSession;
    let truth: ReferenceEncoder;
    beforeAll(async () => {
      const model = syntheticModel(size, bits);
      [session, truth] = [await openWasmEncoder(model, { kind }), await referenceEncoder(model)];
    });
    afterAll(() => session?.dispose());

    it("have the numbers of each text alone in float64", async () => {
      const length = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: longest }) });
      const lengths = fc.array(length, { minLength: 1, maxLength: 4 });
      const property = fc.asyncProperty(lengths, fc.array(fc.constantFrom(...ROWS), { minLength: 1, maxLength: 3 }), async (texts, looks) => {
        const tokens = texts.reduce((sum, length) => sum + length, 0);
        const rows = normals(tokens * size.hidden, 0.1);
        for (let token = 0; token < tokens; token++) {
          const look = looks[token % looks.length]!;
          const row = rows.subarray(token * size.hidden, (token + 1) * size.hidden);
          if (look === "outliers") for (const channel of [3, 77, 200]) row[channel]! *= 1000;
          if (look === "denormal") for (let index = 0; index < size.hidden; index++) row[index]! *= 2 ** -135;
          if (look === "zero") row.fill(0);
        }
        const { hidden, lexical, colbert, pooled } = await session.run({ rows, lengths: texts, outputs: HIDDEN });
        for (const output of [hidden!, lexical!, colbert!, pooled!]) expect(output.every(Number.isFinite)).toBe(true);
        let first = 0;
        for (const length of texts) {
          const [begin, end] = [first * size.hidden, (first + length) * size.hidden];
          const expected = truth(rows.subarray(begin, end));
          const found = hidden!.subarray(begin, end);
          for (let at = 0; at < expected.length; at += size.hidden) {
            const [row, right] = [found.subarray(at, at + size.hidden), expected.subarray(at, at + size.hidden)];
            if (bits) expect(cosine(row, right)).toBeGreaterThan(LEAST_COSINE);
            else expect(right.every((value, index) => Math.abs(value - row[index]!) < LARGEST_DIFFERENCE)).toBe(true);
          }
          first += length;
        }
      });
      await fc.assert(property, { seed: SEED, numRuns: longest > 5 ? numRuns : Math.ceil(numRuns / 3), endOnFailure: true });
    });
  });

  // In bytes where the processor has dot products, else in 16 bits: the bar is the same.
  it(`a text of 1,100 tokens beside a short one, ${kind} kernels`, async () => {
    const model = syntheticModel({ ...MINI, maxPositions: 1200 }, 4);
    const session = await openWasmEncoder(model, { kind });
    const truth = await referenceEncoder(model);
    const lengths = [7, 1100];
    const rows = normals(1107 * MINI.hidden, 0.1);
    const { hidden } = await session.run({ rows, lengths, outputs: HIDDEN });
    const expected = truth(rows.subarray(7 * MINI.hidden));
    for (let at = 0; at < expected.length; at += MINI.hidden) {
      const found = hidden!.subarray(7 * MINI.hidden + at, 8 * MINI.hidden + at);
      expect(cosine(found, expected.subarray(at, at + MINI.hidden))).toBeGreaterThan(LEAST_COSINE);
    }
    await session.dispose();
  });

  it(`a batch of one text of 600 tokens and many short ones, ${kind} kernels`, async () => {
    const model = syntheticModel(MINI, 4);
    const session = await openWasmEncoder(model, { kind });
    const texts = [1, 600, 2, 3, 31, 32, 33];
    const total = texts.reduce((sum, length) => sum + length, 0);
    const rows = normals(total * MINI.hidden, 0.1);
    const { hidden } = await session.run({ rows, lengths: texts, outputs: HIDDEN });
    let first = 0;
    for (const length of texts) {
      const alone = await session.run({ rows: rows.subarray(first * MINI.hidden, (first + length) * MINI.hidden), lengths: [length], outputs: HIDDEN });
      // Bit for bit: no number of a text depends on what lies beside it.
      expect(hidden!.subarray(first * MINI.hidden, (first + length) * MINI.hidden)).toEqual(alone.hidden);
      first += length;
    }
    await session.dispose();
  });
}
