/** The shipped model on each backend, against what PyTorch gives in float32: the bars of the package. */
import { expect, it } from "vitest";
import { EmbeddingTable } from "#encoder/embedding-table.ts";
import { loadModel } from "#model/load-model.ts";
import { openSession } from "#runtime/open-session.ts";
import goldensMini from "../../oracle/goldens-mini.json";
import { type Golden, type Heads, nearness, runGolden } from "../../unit/graph/support/goldens.ts";

const goldens = goldensMini.texts as unknown as readonly Golden[];

async function headsOf(backend: "wasm" | "webgpu", texts: readonly Golden[]): Promise<Heads[]> {
  const model = await loadModel("m3-mini", { baseUrl: `${location.origin}/` });
  const embeddings = new EmbeddingTable(model.manifest, model.tensors);
  const session = await openSession(model, { backend, threads: 2 });
  const heads: Heads[] = [];
  for (const golden of texts) heads.push(await runGolden(session, model.manifest, golden, await embeddings.gather([Int32Array.from(golden.ids)])));
  await session.dispose();
  return heads;
}

it("m3-mini in 8 bits on WASM", async () => {
  const { denseMean, colbertMean, colbertWorst, lexicalOverlap } = nearness(await headsOf("wasm", goldens), goldens);
  expect(denseMean).toBeGreaterThan(0.999);
  expect(colbertMean).toBeGreaterThan(0.997);
  expect(colbertWorst).toBeGreaterThan(0.99);
  expect(lexicalOverlap).toBeGreaterThanOrEqual(0.95);
});

// All 25 texts take minutes on a software GPU. They gave: dense and ColBERT cosine above 0.99999999, all lexical orders equal.
it("m3-mini in 4 bits on WebGPU, a few short texts", async () => {
  const texts = goldens.filter(({ ids }) => ids.length < 13);
  expect(texts.length).toBeGreaterThan(3);
  const { denseMean, colbertWorst, lexicalOverlap } = nearness(await headsOf("webgpu", texts), texts);
  expect(denseMean).toBeGreaterThan(0.99999);
  expect(colbertWorst).toBeGreaterThan(0.99999);
  expect(lexicalOverlap).toBe(1);
});
