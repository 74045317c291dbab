import { describe, expect, it } from "vitest";
import { type MarkedText, markTitle, snippetOf } from "#client/snippet.ts";
import type { SearchHit } from "#worker/protocol.ts";

const hit = (text: string, more: Partial<SearchHit> = {}): SearchHit => ({
  id: "a",
  score: 1,
  parts: { dense: null, lexical: null, colbert: null, bm25: 1 },
  title: "Print a page",
  url: "a.html",
  fields: undefined,
  passage: { text, start: 0, end: text.length },
  ...more,
});
const shown = ({ text, marks }: MarkedText) =>
  marks.toReversed().reduce((marked, [start, end]) => `${marked.slice(0, start)}[${marked.slice(start, end)}]${marked.slice(end)}`, text);
const filler = (count: number) => "word ".repeat(count);

describe("snippetOf", () => {
  it("marks the words of the question where nothing explains the hit", () => {
    expect(shown(snippetOf(hit("How to print both sides of a PAGE."), "Print a page"))).toBe("How to [print] both sides of a [PAGE].");
    expect(shown(markTitle(hit(""), "page (x"))).toBe("Print a [page]");
    expect(shown(snippetOf(hit("문서를 인쇄하는 방법"), "인쇄 방법"))).toBe("문서를 [인쇄]하는 [방법]");
    expect(shown(snippetOf(hit("text"), "?!"))).toBe("text");
  });

  it("shows the part in which most matches, cut at words", () => {
    const snippet = snippetOf(hit(`${filler(100)}the printer has paper ${filler(100)}`), "printer paper");
    expect(shown(snippet)).toMatch(/^… word .*the \[printer\] has \[paper\] word.* …$/);
    expect(snippet.text.length).toBeLessThan(230);
  });

  it("marks what the explanation tells, in the document's ranges, but not what says little", () => {
    const range = (start: number, end: number, of: "title" | "text" = "text") => ({ of, start, end });
    const term = (token: string, product: number, passage: ReturnType<typeof range>[]) => ({
      token,
      queryWeight: 1,
      passageWeight: 1,
      product,
      query: [],
      passage,
    });
    const explained = hit("the ink cartridge", {
      passage: { text: "the ink cartridge", start: 1000, end: 1017 },
      explanation: { tokens: [], terms: [term("ink", 1, [range(1004, 1007), range(0, 5, "title"), range(3, 9)]), term("the", 0.01, [range(1000, 1003)])] },
    });
    expect(shown(snippetOf(explained, "ink"))).toBe("the [ink] cartridge");
    expect(shown(markTitle(explained, "ink"))).toBe("[Print] a page");
  });

  it("marks whole words of which enough matched, and pieces of Korean and Japanese as they are", () => {
    const marked = (text: string, ...pieces: string[]) => {
      const passage = pieces.map((piece) => ({ of: "text" as const, start: text.indexOf(piece), end: text.indexOf(piece) + piece.length }));
      const term = { token: "x", queryWeight: 1, passageWeight: 1, product: 1, query: [], passage };
      return shown(snippetOf(hit(text, { explanation: { tokens: [], terms: [term] } }), "x"));
    };
    expect(marked("Adjust the brakes of Clause", "brak", "e of")).toBe("Adjust the [brakes] of Clause");
    expect(marked("Bremsbelag wechseln", "Brems", "belag")).toBe("[Bremsbelag] wechseln");
    expect(marked("문서를 인쇄하는 방법", "인쇄")).toBe("문서를 [인쇄]하는 방법");
    expect(marked("チェーンに油をさす", "油")).toBe("チェーンに[油]をさす");
    expect(marked("printer’s USB-C port", "USB", "C")).toBe("printer’s [USB]-[C] port");
  });

  it("takes any text and question", () => {
    expect(shown(snippetOf(hit(""), ""))).toBe("");
    const long = "x".repeat(1_000_000);
    expect(snippetOf(hit(long), "a ".repeat(5000)).text.length).toBeLessThan(210);
  });
});
