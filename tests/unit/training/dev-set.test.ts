import { describe, expect, it } from "vitest";
import { scoreDevSet } from "#training/dev-set.ts";
import { layerOf, randomHead } from "#training/head.ts";
import { REFERENCE_WEIGHTS } from "#training/loss.ts";
import { Random } from "#training/random.ts";
import { colbertLayers, givenStates, lexicalLayers, randomTexts, specialIds } from "./small-batch.ts";

const HIDDEN = 6;
const queries = randomTexts(new Random(1), 6, { hiddenSize: HIDDEN, tokens: 9, vocabulary: 8 });
// Each passage is its query's text: dense and ColBERT cannot miss it.
const source = givenStates(HIDDEN, [...queries, ...queries]);
const pairs = queries.map((_, index) => ({ query: index, positives: [6 + index], negatives: [], group: "" }));
const options = { specialIds, subBatchTokens: 1e6, weights: REFERENCE_WEIGHTS };
const colbert = randomHead(colbertLayers(HIDDEN, 4), new Random(2), new Float64Array(0));

describe("dev scores", () => {
  it("are 1 where every query finds its passage", async () => {
    const scores = await scoreDevSet(source, pairs, { lexical: null, colbert }, options);
    expect(scores).toEqual({ dense: 1, lexical: null, colbert: 1, ensemble: 1, mean: 1 });
  });

  it("of a dead lexical head are those of the last place: a tie counts as lost", async () => {
    const dead = [layerOf(lexicalLayers(HIDDEN)[0]!, new Float64Array(HIDDEN), new Float64Array(1))];
    expect((await scoreDevSet(source, pairs, { lexical: dead, colbert }, options)).lexical).toBeCloseTo(1 / 6, 12);
  });

  it("pass over other passages of the same id, and know groups apart", async () => {
    const dead = [layerOf(lexicalLayers(HIDDEN)[0]!, new Float64Array(HIDDEN), new Float64Array(1))];
    const sameId = pairs.map((pair, index) => ({ ...pair, id: index < 3 ? "one" : `${index}` }));
    const first = (await scoreDevSet(source, sameId.slice(0, 3), { lexical: dead, colbert }, options)).lexical;
    expect(first).toBe(1);
    const groups = pairs.map((pair, index) => ({ ...pair, group: `${index >> 1}` }));
    expect((await scoreDevSet(source, groups, { lexical: dead, colbert }, options)).lexical).toBe(1 / 2);
  });
});
