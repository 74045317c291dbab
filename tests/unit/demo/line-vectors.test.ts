import { describe, expect, it } from "vitest";
import { lineVectors } from "../../../tools/demo/line-vectors.ts";

const PROMPT = "passage: ";

/** A tokenizer that makes every word a token, the white space before it included, with <s> and </s> around. */
function wordOffsets(text: string): Int32Array {
  const words = [...text.matchAll(/\s*\S+/g)].flatMap((match) => [match.index, match.index + match[0].length]);
  return Int32Array.from([0, 0, ...words, 0, 0]);
}

describe("lineVectors", () => {
  const text = `${PROMPT}A title\nfirst line here\nlast`;
  const offsets = wordOffsets(text);

  it("finds the first vector of each line", () => {
    // A, title | first, line, here | last, </s>
    expect(lineVectors({ text, start: PROMPT.length, offsets, skipped: 2, vectors: 7 })).toEqual([0, 2, 5]);
  });

  it("gives a line that was cut off no vectors", () => {
    expect(lineVectors({ text, start: PROMPT.length, offsets: offsets.slice(0, 14), skipped: 2, vectors: 5 })).toEqual([0, 2, 5]);
  });

  it("gives an empty line no vectors of its own", () => {
    const withGap = `${PROMPT}A title\n\nlast`;
    expect(lineVectors({ text: withGap, start: PROMPT.length, offsets: wordOffsets(withGap), skipped: 2, vectors: 4 })).toEqual([0, 2, 2]);
  });
});
