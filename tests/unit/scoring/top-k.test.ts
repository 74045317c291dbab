import fc from "fast-check";
import { expect, it } from "vitest";
import { topK } from "#scoring/top-k.ts";

/** Sort everything, then cut. */
function sorted(scores: Float32Array, count: number, accept: (place: number) => boolean = () => true): number[] {
  return Array.from(scores, (score, place) => ({ score, place }))
    .filter(({ score, place }) => !Number.isNaN(score) && accept(place))
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, count)
    .map(({ place }) => place);
}

it("gives what sorting gives, ties and infinities included", () => {
  const score = fc.oneof(fc.constantFrom(0, 1, -1, Number.POSITIVE_INFINITY), fc.float({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(fc.array(score, { maxLength: 300 }), fc.nat(40), (values, count) => {
      const scores = Float32Array.from(values);
      const best = topK(scores, count);
      expect([...best.places]).toEqual(sorted(scores, count));
      expect([...best.scores]).toEqual([...best.places].map((place) => scores[place]));
    }),
  );
});

it("leaves out NaN, and what is not accepted", () => {
  const scores = Float32Array.of(5, Number.NaN, 4, 3, Number.NaN, 2);
  expect([...topK(scores, 10).places]).toEqual([0, 2, 3, 5]);
  expect([...topK(scores, 2, (place) => place !== 0).places]).toEqual([2, 3]);
  expect([...topK(scores, 0).places]).toEqual([]);
});
