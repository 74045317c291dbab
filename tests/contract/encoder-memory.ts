/** The encoder's memory: that its kernels compute right up to its last byte, and what becomes of a batch that it cannot hold. */
import { describe, expect, it } from "vitest";
import { openWasmEncoder } from "#runtime/wasm-encoder/engine.ts";
import { compileKernels, instantiateKernels, type ModuleKind } from "#runtime/wasm-encoder/kernels.ts";
import { LinearMemory } from "#runtime/wasm-encoder/linear-memory.ts";
import { syntheticModel } from "../unit/graph/support/synthetic-model.ts";
import { attended, attentionRows, linearCase, normals, runFloatLinear, runLayerNorm, runQuantised } from "./encoder-kernel-runs.ts";

const GIB = 2 ** 30;
const SMALL = { layers: 1, hidden: 64, heads: 4, ffn: 128, vocab: 100, colbertDim: 64, maxPositions: 100 };
const ALL = { dense: true, lexical: true, colbert: true };

export function describeEncoderMemory(kind: ModuleKind): void {
  describe(`the memory of the ${kind} kernels`, () => {
    it("grows to 4 GiB, where addresses are right to the end", async () => {
      const memory = new LinearMemory(false);
      const kernels = await instantiateKernels(await compileKernels(kind, false), memory.memory);
      // Nothing is written there, so that no machine has to have it.
      memory.allocate(4 * GIB - 2 ** 22);
      expect(memory.bytes).toBeGreaterThan(3.99 * GIB);
      const near = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
        for (let index = 0; index < expected.length; index++) expect(Math.abs(found[index]! - expected[index]!)).toBeLessThan(tolerance);
      };
      for (const { found, expected } of [
        runLayerNorm(kernels, memory, 5, 384, true),
        runFloatLinear(kernels, memory, linearCase(5, 384, 24)),
        attended(kernels, memory, attentionRows(65, 32, 1), 32, "float"),
      ]) {
        near(found, expected, 1e-3);
      }
      const whole = attended(kernels, memory, attentionRows(65, 32, 1), 32, "whole");
      near(whole.found, whole.expected, 1e-2);
      if (kind === "relaxed") {
        const bytes = attended(kernels, memory, attentionRows(65, 32, 1), 32, "bytes");
        near(bytes.found, bytes.expected, 1e-3);
      }
      const rounded = runQuantised(kernels, kernels.linearBlocks, kind, "blocks", memory, linearCase(5, 384, 24));
      near(rounded.found, rounded.sameRounding, 1e-3);
    });

    it("refuses what is more than there is with the typed error, and goes on", async () => {
      const model = syntheticModel(SMALL, 4);
      const session = await openWasmEncoder(model, { kind });
      const batch = { rows: normals(9 * 64), lengths: [9], outputs: ALL };
      const before = await session.run(batch);
      // Four times as much and more is needed beside these rows.
      const tokens = 3_500_000;
      const tooLarge = { rows: new Float32Array(tokens * 64), lengths: [tokens], outputs: ALL };
      await expect(session.run(tooLarge)).rejects.toMatchObject({ name: "OutOfMemoryError", code: "out-of-memory", fields: { tokens } });
      expect(await session.run(batch)).toEqual(before);
      await session.dispose();
    });
  });
}
