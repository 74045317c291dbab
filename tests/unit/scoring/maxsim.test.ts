import { expect, it } from "vitest";
import { Kernels } from "#scoring/kernels/instance.ts";
import { maxsimReference } from "#scoring/maxsim/reference.ts";
import { joinTokens, toBits } from "#scoring/maxsim/token-matrix.ts";
import { WasmMaxsim } from "#scoring/maxsim/wasm.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import { describeMaxsim } from "../../contract/maxsim.ts";
import { seededRandom, unitVectors } from "./random.ts";

const kernels = await Kernels.create();

describeMaxsim("wasm", async () => new WasmMaxsim(kernels));

it("frees what it took", async () => {
  const random = seededRandom(1);
  const before = kernels.takenBytes;
  const loaded = new WasmMaxsim(kernels).load(toBits(joinTokens([{ data: unitVectors(9, 64, random), tokens: 9, dim: 64 }], 64)));
  await loaded.score({ data: unitVectors(3, 64, random), tokens: 3, dim: 64 });
  expect(kernels.takenBytes).toBeGreaterThan(before);
  loaded.dispose();
  expect(kernels.takenBytes).toBe(before);
});

it("means the same as colbertScore", () => {
  const random = seededRandom(2);
  const query = { data: unitVectors(7, 32, random), tokens: 7, dim: 32 };
  const passage = { data: unitVectors(21, 32, random), tokens: 21, dim: 32 };
  expect(maxsimReference(query, joinTokens([passage], 32))[0]).toBeCloseTo(colbertScore(query, passage), 12);
});
