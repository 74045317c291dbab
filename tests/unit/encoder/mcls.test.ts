/** MCLS: several `<s>` in a text, and the mean of their states. The fake network's states are its rows, so that they can be worked out by hand. */
import { describe, expect, it } from "vitest";
import { fakeEncoder, HIDDEN, positionValue, wordValue } from "./fake-model.ts";

const words = (count: number) => Array.from({ length: count }, (_, index) => 10 + index).join(" ");
const heads = { returnSparse: true, returnColbertVecs: true };

/** The row of a `<s>` at some place. */
const clsRow = (place: number) => Array.from({ length: HIDDEN }, (_, column) => wordValue(0, column) + positionValue(place + 2, column) + 0.25);

function unitMean(rows: number[][]): number[] {
  const mean = rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length);
  return mean.map((value) => value / Math.hypot(...mean));
}

describe("clsEvery", () => {
  it.each([
    [3, 7, [0, 4, 8]],
    [3, 6, [0, 4]],
    [3, 3, [0]],
    [1, 3, [0, 2, 4]],
    [100, 7, [0]],
    [3, 0, [0]],
  ])("of %d and a text of %d tokens puts <s> at %j, and the dense vector is the mean of their states", async (clsEvery, tokens, places) => {
    const { encoder, session } = fakeEncoder();
    const { denseVecs, tokenCounts, truncated } = await encoder.encode([words(tokens)], "passage", { clsEvery });
    expect(session.batches[0]!.outputs).toEqual({ dense: false, lexical: false, colbert: false, hidden: true });
    expect(tokenCounts).toEqual([tokens + 1 + places.length]);
    expect(truncated).toEqual([false]);
    const expected = unitMean(places.map(clsRow));
    for (const [column, value] of expected.entries()) expect(denseVecs![0]![column]).toBeCloseTo(value, 6);
  });

  it("leaves the other heads the text's own tokens, in their order", async () => {
    const { encoder } = fakeEncoder();
    const text = words(7);
    const [plain, further] = [await encoder.encode([text], "passage", heads), await encoder.encode([text], "passage", { ...heads, clsEvery: 3 })];
    expect(Object.keys(further.lexicalWeights![0]!)).toEqual(Object.keys(plain.lexicalWeights![0]!));
    expect(further.colbertVecs![0]).toMatchObject({ tokens: 8, dim: plain.colbertVecs![0]!.dim });
    // The rows before the first further `<s>` are where they were.
    expect([...further.colbertVecs![0]!.data.slice(0, 6)]).toEqual([...plain.colbertVecs![0]!.data.slice(0, 6)]);
  });

  it("skips those among the tokens of a prompt with it", async () => {
    const { encoder } = fakeEncoder({ prompts: { query: "", passage: "1 2 3 4 5 " } });
    const { colbertVecs, tokenCounts } = await encoder.encode([words(4)], "passage", { ...heads, clsEvery: 2 });
    expect([tokenCounts[0], colbertVecs![0]!.tokens]).toEqual([15, 5]);
  });

  it("counts the further <s> towards maxLength", async () => {
    const { encoder, session } = fakeEncoder();
    for (const maxLength of [3, 5, 6, 7, 9, 10, 11]) {
      const { tokenCounts, truncated } = await encoder.encode([words(30)], "passage", { clsEvery: 3, maxLength });
      expect(tokenCounts[0]).toBeLessThanOrEqual(maxLength);
      expect(tokenCounts[0]).toBeGreaterThanOrEqual(maxLength - 1);
      expect(truncated).toEqual([true]);
    }
    expect(Math.max(...session.batches.flatMap(({ lengths }) => lengths))).toBe(11);
    // What fits without them is cut where it does not fit with them.
    expect(await encoder.encode([words(9)], "passage", { clsEvery: 3, maxLength: 13 })).toMatchObject({ tokenCounts: [13], truncated: [false] });
    expect(await encoder.encode([words(9)], "passage", { clsEvery: 3, maxLength: 12 })).toMatchObject({ tokenCounts: [12], truncated: [true] });
  });

  it("runs texts of any length in one list", async () => {
    const { encoder } = fakeEncoder();
    const texts = [words(2), words(9), words(4)];
    const together = await encoder.encode(texts, "passage", { clsEvery: 3 });
    for (const [index, text] of texts.entries())
      expect(together.denseVecs![index]).toEqual((await encoder.encode([text], "passage", { clsEvery: 3 })).denseVecs![0]);
  });

  it("is refused where it means nothing", async () => {
    const mean = fakeEncoder({ heads: { dense: { pooling: "mean" }, lexical: null, colbert: null } });
    await expect(mean.encoder.encode(["10"], "passage", { clsEvery: 256 })).rejects.toMatchObject({
      code: "invalid-input",
      fields: { path: "options.clsEvery" },
      message: expect.stringContaining("is the mean of its tokens"),
    });
    for (const clsEvery of [0, -1, 1.5, "256" as never]) {
      await expect(fakeEncoder().encoder.encode(["10"], "passage", { clsEvery })).rejects.toMatchObject({
        code: "invalid-input",
        fields: { path: "options.clsEvery" },
      });
    }
  });
});
