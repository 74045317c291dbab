/** Windows over a text: no gap, no window too long, ends where sentences or words end. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planWindows, type WindowOptions } from "#encoder/windows.ts";

/** Words and marks as tokens. */
function offsetsOf(text: string): Int32Array {
  return Int32Array.from([...text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)].flatMap(({ 0: token, index }) => [index, index + token.length]));
}

const cut = (text: string, options: WindowOptions) => planWindows(text, offsetsOf(text), options).map(({ start, end }) => text.slice(start, end));
const sentence = (first: string, words: number) => [first, ...Array.from({ length: words - 1 }, (_, index) => `word${index}`)].join(" ");

describe("planWindows", () => {
  it("leaves a text alone that fits", () => {
    expect(cut("  one two three  ", { size: 3, overlap: 1 })).toEqual(["  one two three  "]);
    expect(cut("", { size: 3, overlap: 1 })).toEqual([""]);
  });

  it("cuts after a sentence where there is one in the last quarter", () => {
    const text = `${sentence("One", 8)}. ${sentence("Two", 8)}.`;
    expect(cut(text, { size: 12, overlap: 0 })).toEqual([`${sentence("One", 8)}. `, `${sentence("Two", 8)}.`]);
  });

  it("cuts between tokens in a text without spaces", () => {
    const text = "漢".repeat(10);
    const offsets = Int32Array.from({ length: 20 }, (_, index) => Math.ceil(index / 2));
    expect(planWindows(text, offsets, { size: 4, overlap: 1 }).map(({ start, end }) => end - start)).toEqual([4, 4, 4]);
  });

  it("repeats the overlap, from the beginning of a word on", () => {
    expect(cut("a b c d e f", { size: 4, overlap: 2 })).toEqual(["a b c d ", "c d e f"]);
  });

  it("cuts a book into as few windows of BGE-M3's 8,192 tokens as it needs, overlap and all", () => {
    const text = Array.from({ length: 2500 }, (_, index) => `${sentence(`S${index}`, 11)}. `).join("");
    const offsets = offsetsOf(text);
    const windows = planWindows(text, offsets, { size: 8190, overlap: 1024 });
    expect(offsets.length / 2).toBe(30_000);
    expect(windows).toHaveLength(Math.ceil((30_000 - 1024) / (8190 - 1024)));
    for (const { end } of windows) expect(text.slice(Math.max(0, end - 2), end)).toBe(". ");
    const tokensIn = (start: number, end: number) =>
      Array.from({ length: offsets.length / 2 }, (_, token) => offsets[2 * token]!).filter((at) => at >= start && at < end).length;
    for (const [index, { start }] of windows.entries()) if (index > 0) expect(tokensIn(start, windows[index - 1]!.end)).toBeGreaterThan(1000);
  });

  it("covers every text with windows that are not too long", () => {
    const texts = fc.array(fc.constantFrom("word", "naïve", "문장", ".", "。", "\n", " ", "  ", ",", "🙂"), { maxLength: 120 }).map((parts) => parts.join(""));
    const options = fc.integer({ min: 2, max: 20 }).chain((size) => fc.record({ size: fc.constant(size), overlap: fc.integer({ min: 0, max: size >> 1 }) }));
    fc.assert(
      fc.property(texts, options, (text, { size, overlap }) => {
        const offsets = offsetsOf(text);
        const windows = planWindows(text, offsets, { size, overlap });
        expect(windows[0]!.start).toBe(0);
        expect(windows.at(-1)!.end).toBe(text.length);
        for (const [index, { start, end }] of windows.entries()) {
          const tokens = Array.from({ length: offsets.length / 2 }, (_, token) => offsets[2 * token]!).filter((at) => at >= start && at < end).length;
          expect(tokens).toBeLessThanOrEqual(size);
          if (index === 0) continue;
          expect(start).toBeLessThanOrEqual(windows[index - 1]!.end);
          expect(start).toBeGreaterThan(windows[index - 1]!.start);
          expect(end).toBeGreaterThan(windows[index - 1]!.end);
        }
      }),
    );
  });
});
