import { describe, expect, it } from "vitest";
import { siteDocuments } from "#site/documents.ts";
import { readJsonLine } from "#site/json-documents.ts";
import { languageTag } from "#site/page.ts";

describe("siteDocuments", () => {
  it("names each section by its address", () => {
    const section = (anchor: string | null, text: string, weight = 1) => ({ headings: anchor ? [anchor] : [], anchor, text, weight });
    const sections = [section(null, "one"), section("한 글", "two"), section("a", "three", 2), section("a", "four")];
    const page = { url: "p.html", title: "P", lang: null, description: "About.", fields: { kind: "x" }, sections };
    expect([...siteDocuments(page)]).toEqual([
      { id: "p.html", url: "p.html", title: "P", text: "About.\n\none", fields: { kind: "x" } },
      { id: "p.html#%ED%95%9C%20%EA%B8%80", url: "p.html#%ED%95%9C%20%EA%B8%80", title: "P › 한 글", text: "two", fields: { kind: "x" } },
      { id: "p.html#a", url: "p.html#a", title: "P › a", text: "three", fields: { kind: "x", "m3-weight": 2 } },
      { id: "p.html#a (2)", url: "p.html#a", title: "P › a", text: "four", fields: { kind: "x" } },
    ]);
  });

  it("does not tell a description twice", () => {
    const page = {
      url: "p",
      title: "",
      lang: null,
      description: "About.",
      fields: {},
      sections: [{ headings: [], anchor: null, text: "About. More.", weight: 1 }],
    };
    expect([...siteDocuments(page)]).toEqual([{ id: "p", url: "p", title: "", text: "About. More." }]);
  });
});

describe("readJsonLine", () => {
  it("reads a document", () => {
    expect(readJsonLine('{"id":"a","title":"T","body":"text","lang":"ko","fields":{"n":1,"tags":["x"]}}', "f, line 1")).toEqual({
      url: "a",
      title: "T",
      lang: "ko",
      description: null,
      fields: { n: 1, tags: ["x"] },
      sections: [{ headings: [], anchor: null, text: "text", weight: 1 }],
    });
  });

  it.each([
    ["{", "f, line 1 must be a JSON object"],
    ["[]", "f, line 1 must be a JSON object"],
    ['{"url":"a"}', '"text" in f, line 1, must be a string'],
    ['{"text":"a"}', '"url" or "id" in f, line 1,'],
    ['{"text":"a","url":""}', '"url" or "id" in f, line 1,'],
    ['{"text":1,"url":"a"}', '"text" in f, line 1,'],
    ['{"text":"a","url":"a","fields":{"x":{}}}', '"fields" in f, line 1,'],
    ['{"text":"a","url":"a","fields":[1]}', '"fields" in f, line 1,'],
  ])("refuses %s", (line, message) => {
    expect(() => readJsonLine(line, "f, line 1")).toThrow(message);
  });
});

it.each([
  ["pt_br", "pt-BR"],
  [" EN ", "en"],
  ["zh-hant-tw", "zh-Hant-TW"],
  ["no tag", null],
  ["", null],
  [null, null],
])("languageTag of %j is %j", (text, expected) => {
  expect(languageTag(text)).toBe(expected);
});
