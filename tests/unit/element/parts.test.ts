import { describe, expect, it } from "vitest";
import { markedParts } from "#element/marked-parts.ts";
import { messagesFor } from "#element/messages.ts";
import { safeUrl } from "#element/safe-url.ts";

describe("markedParts", () => {
  it.each([
    ["abc", [], "abc"],
    ["abc", [[0, 1]], "[a]bc"],
    [
      "abcdef",
      [
        [4, 6],
        [1, 3],
      ],
      "a[bc]d[ef]",
    ],
    [
      "abcdef",
      [
        [0, 3],
        [2, 4],
        [1, 2],
      ],
      "[abc][d]ef",
    ],
    [
      "abc",
      [
        [2, 9],
        [-3, 1],
        [5, 6],
        [2, 1],
      ],
      "[a]b[c]",
    ],
    ["", [[0, 1]], ""],
    ["<b>", [[0, 3]], "[<b>]"],
    ["safe\u202Egpj.exe\u2066", [[0, 4]], "[safe]gpj.exe"],
  ] as [string, [number, number][], string][])("%j with %j", (text, marks, expected) => {
    const parts = markedParts({ text, marks });
    expect(parts.map((part) => (part.marked ? `[${part.text}]` : part.text)).join("")).toBe(expected);
  });
});

it.each([
  ["a.html#x", "https://site/docs/a.html#x"],
  ["/a", "https://site/a"],
  ["http://other/", "http://other/"],
  ["javascript:alert(1)", null],
  [" java\nscript:alert(1)", null],
  ["data:text/html,x", null],
  ["https://[", null],
])("safeUrl(%j) is %j", (url, expected) => {
  expect(safeUrl(url, "https://site/docs/")).toBe(expected);
});

it("speaks the language of the page, and what the site says", () => {
  expect(messagesFor("ko-KR").label).toBe("검색");
  expect(messagesFor("xx").results(1)).toBe("1 result");
  expect(messagesFor("en", { label: "Find" })).toMatchObject({ label: "Find", placeholder: "Search" });
});
