import { describe, expect, it } from "vitest";
import { markedRanges, piecesToMark } from "../../../demo/src/view/highlight.ts";

const marked = (text: string, pieces: string[]) => markedRanges(text, pieces).map(([start, end]) => text.slice(start, end));

describe("markedRanges", () => {
  it("marks whole words, whatever their case", () => {
    expect(marked("The Laptop fan, a fan.", ["laptop", "fan"])).toEqual(["Laptop", "fan", "fan"]);
  });

  it("marks a word that several pieces make up, and one that a piece makes most of", () => {
    expect(marked("screenshots of touchpads", ["screen", "shot", "touch", "pad"])).toEqual(["screenshots", "touchpads"]);
  });

  it("does not mark a word for a piece inside it, or a short beginning", () => {
    expect(marked("infancy landscape", ["fan", "land"])).toEqual([]);
  });

  it("marks the piece itself where words are written together", () => {
    expect(marked("스피커를 켰고, ゴミ箱から復元", ["스피커", "ゴミ", "箱"])).toEqual(["스피커", "ゴミ箱"]);
  });

  it("marks nothing without pieces", () => {
    expect(marked("some words", [])).toEqual([]);
  });
});

describe("piecesToMark", () => {
  const tokens = new Map([
    [1, { text: "fan", weight: 0.2 }],
    [2, { text: "the", weight: 0.01 }],
    [3, { text: "Loud", weight: 0.1 }],
  ]);

  it("takes the shared pieces that weigh something", () => {
    expect(piecesToMark(tokens, [1, 2])).toEqual(["fan"]);
    expect(piecesToMark(tokens, [3, 1])).toEqual(["loud", "fan"]);
    expect(piecesToMark(tokens, [])).toEqual([]);
  });
});
