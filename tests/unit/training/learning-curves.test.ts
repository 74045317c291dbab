import { expect, it } from "vitest";
import { learningCurves } from "#training/learning-curves.ts";

it("names every curve at its end, no name over another", () => {
  const dev = [0, 50].map((step) => ({ step, dense: 0.9, lexical: 0.7, colbert: 0.969, ensemble: 0.9685, mean: 0.88 }));
  const svg = learningCurves([{ step: 1, loss: 2, lexical: 1, colbert: 1, ensemble: 1 }], dev);
  const labels = [...svg.matchAll(/<text x="[\d.]+" y="([\d.]+)" fill="#[0-9a-f]+">(dense|lexical|ColBERT|all) ([\d.]+)</g)];
  expect(labels.map(([, , name, value]) => `${name} ${value}`)).toEqual(["dense 0.900", "lexical 0.700", "ColBERT 0.969", "all 0.969"]);
  const heights = labels.map(([, y]) => Number(y)).sort((a, b) => a - b);
  for (const [index, height] of heights.entries()) if (index > 0) expect(height - heights[index - 1]!).toBeGreaterThan(12);
});
