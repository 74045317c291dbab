/** The graphs of quantised artefacts on each backend, against the same weights computed in float32. */
import { describe, expect, it } from "vitest";
import { openSession } from "#runtime/open-session.ts";
import goldensTiny from "../../oracle/goldens-tiny.json";
import { type Golden, type Heads, nearness, runGolden } from "../../unit/graph/support/goldens.ts";
import { syntheticModel } from "../../unit/graph/support/synthetic-model.ts";

const SIZE = { layers: 2, hidden: 128, heads: 4, ffn: 256, vocab: 250002, colbertDim: 64, maxPositions: 514 };
const texts = (goldensTiny.texts as unknown as readonly Golden[]).filter(({ ids }) => ids.length < 40);

async function headsOf(bits: 4 | 8, options: Parameters<typeof openSession>[1]): Promise<Heads[]> {
  const model = syntheticModel(SIZE, bits);
  const session = await openSession(model, options);
  const heads: Heads[] = [];
  for (const golden of texts) heads.push(await runGolden(session, model.manifest, { ...golden, colbert: golden.colbert.slice(0, 4) }, model.embed(golden.ids)));
  await session.dispose();
  return heads;
}

/** What was computed in float32, as golden texts. */
function asGoldens(heads: readonly Heads[]): Golden[] {
  return heads.map(({ dense, lexical, colbert }, index) => ({ ...texts[index]!, dense: [...dense], lexical, colbert: colbert.map((row) => [...row]) }));
}

describe.each([4, 8] as const)("%i-bit weights", (bits) => {
  it("are multiplied in blocks on WebGPU, as exactly as in float32", async () => {
    const exact = asGoldens(await headsOf(bits, { backend: "wasm", precision: "fp32" }));
    const found = await headsOf(bits, { backend: "webgpu" });
    for (const [index, { dense }] of found.entries())
      expect(Math.max(...dense.map((value, i) => Math.abs(value - exact[index]!.dense[i]!)))).toBeLessThan(1e-4);
    expect(nearness(found, exact).colbertWorst).toBeGreaterThan(0.999999);
  });

  it("are multiplied in 8 bits on WASM, near to float32", async () => {
    const exact = asGoldens(await headsOf(bits, { backend: "wasm", precision: "fp32" }));
    const { denseMean, colbertMean, colbertWorst, lexicalOverlap } = nearness(await headsOf(bits, { backend: "wasm" }), exact);
    expect(denseMean).toBeGreaterThan(0.9998);
    expect(colbertMean).toBeGreaterThan(0.9998);
    expect(colbertWorst).toBeGreaterThan(0.9995);
    expect(lexicalOverlap).toBeGreaterThan(0.95);
  });
});
