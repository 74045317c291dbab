import { expect, it } from "vitest";
import { weighHits } from "#texts/weigh-hits.ts";

const hit = (id: string, score: number, weight?: number) => ({ id, score, fields: weight === undefined ? undefined : { "m3-weight": weight } });
const order = (...hits: ReturnType<typeof hit>[]) => weighHits(hits).map(({ id }) => id);

it("leaves hits without weights as they are", () => {
  const hits = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.7)];
  expect(weighHits(hits).map(({ score }) => score.toFixed(6))).toEqual(["0.900000", "0.800000", "0.700000"]);
  expect(weighHits([])).toEqual([]);
});

it("multiplies the lead over the weakest hit", () => {
  expect(order(hit("a", 0.82), hit("b", 0.79, 2), hit("c", 0.7))).toEqual(["b", "a", "c"]);
  expect(order(hit("a", 0.82, 0.5), hit("b", 0.79), hit("c", 0.7))).toEqual(["b", "a", "c"]);
  expect(order(hit("a", 0.82, 0), hit("b", 0.79), hit("c", 0.7))).toEqual(["b", "a", "c"]);
  // What answers badly is not lifted, however much it counts.
  expect(order(hit("a", 0.82), hit("b", 0.79), hit("c", 0.7, 10))).toEqual(["a", "b", "c"]);
});
