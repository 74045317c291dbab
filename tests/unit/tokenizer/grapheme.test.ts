import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { clusterEnd } from "#tokenizer/grapheme.ts";
import { classOf, GraphemeClass, graphemeClasses } from "#tokenizer/grapheme-class.ts";
import { makeGraphemeTable } from "../../../tools/make-grapheme-table.ts";

const classes = graphemeClasses();

function clusters(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += found.at(-1)!.length) found.push(text.slice(at, clusterEnd(classes, text, at, text.length)));
  return found;
}

describe("grapheme classes", () => {
  it("are what the generator makes of Unicode 17", async () => {
    const committed = readFileSync(path.join(import.meta.dirname, "../../../src/tokenizer/generated/grapheme-ranges.ts"), "utf8");
    expect(committed).toBe(await makeGraphemeTable());
  });

  it("of single code points, in the table and above it", () => {
    const of = (codePoint: number) => classOf(classes, codePoint);
    expect([0x61, 0x301, 0x94d, 0x200d, 0xac00, 0xac01, 0x1100].map(of)).toEqual([
      GraphemeClass.Other,
      GraphemeClass.IndicExtend,
      GraphemeClass.IndicLinker,
      GraphemeClass.ZeroWidthJoiner,
      GraphemeClass.HangulLV,
      GraphemeClass.HangulLVT,
      GraphemeClass.HangulL,
    ]);
    expect([0x1f1e6, 0x1f1ff, 0x1f200, 0x1f600, 0x20000, 0xe0001, 0xe0020, 0x10ffff].map(of)).toEqual([
      GraphemeClass.RegionalIndicator,
      GraphemeClass.RegionalIndicator,
      GraphemeClass.Other,
      GraphemeClass.Pictographic,
      GraphemeClass.Other,
      GraphemeClass.Control,
      GraphemeClass.IndicExtend,
      GraphemeClass.Other,
    ]);
  });
});

describe("clusters", () => {
  it.each([
    ["GB3-5: line ends and controls stand alone, but CR LF together", "a\r\n\u0301\x01b", ["a", "\r\n", "\u0301", "\x01", "b"]],
    ["GB6-8: Hangul", "\u1100\u1161\u11a8가\u11a8각\u1161", ["\u1100\u1161\u11a8", "가\u11a8", "각", "\u1161"]],
    ["GB9, 9a: marks", "e\u0301\u0323x\u0903", ["e\u0301\u0323", "x\u0903"]],
    ["GB9b: prepended", "\u0600\u0600a\u0301b\u0600\n", ["\u0600\u0600a\u0301", "b", "\u0600", "\n"]],
    ["GB9c: conjuncts", "क्षक्\u200dषक\u200dष", ["क्ष", "क्\u200dष", "क\u200d", "ष"]],
    ["GB9c: not across what is no Indic extend", "क्\u200cष क\u0903्ष", ["क्\u200c", "ष", " ", "क\u0903्", "ष"]],
    ["GB11: joined pictures", "👩\u200d👩\ufe0f\u200d❤a\u200d👩", ["👩\u200d👩\ufe0f\u200d❤", "a\u200d", "👩"]],
    ["GB11: one joiner only", "👩\u200d\u200d👩", ["👩\u200d\u200d", "👩"]],
    ["GB12-13: flags are pairs", "🇰🇷🇯🇵🇫", ["🇰🇷", "🇯🇵", "🇫"]],
    ["lone surrogates are characters of their own", "\ud800\udc00\ud800a\u0301\udc00", ["\ud800\udc00", "\ud800", "a\u0301", "\udc00"]],
  ])("%s", (_, text, expected) => {
    expect(clusters(text)).toEqual(expected);
  });

  it("end where the text is cut, even inside a pair", () => {
    expect(clusterEnd(classes, "e\u0301\u0301", 0, 2)).toBe(2);
    expect(clusterEnd(classes, "e\u{1d165}", 0, 2)).toBe(1);
  });
});
