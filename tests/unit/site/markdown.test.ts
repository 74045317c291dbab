import { describe, expect, it } from "vitest";
import { readMarkdown } from "#site/markdown.ts";

describe("readMarkdown", () => {
  it("reads front matter, headings and GitHub's extensions", () => {
    const page = readMarkdown(
      "---\ntitle: Printing\nlang: pt_br\ndescription: How.\ntags: [a, b]\norder: 3\nnested: {x: 1}\n---\n# Heading\n\nText with `code` and <kbd>Ctrl</kbd>.\n\n## Set up\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Empty\n\n## Set up\n\n- [x] done\n",
      "guide.html",
    );
    expect(page).toEqual({
      url: "guide.html",
      title: "Printing",
      lang: "pt-BR",
      description: "How.",
      fields: { tags: ["a", "b"], order: 3 },
      sections: [
        { headings: [], anchor: null, text: "Text with code and Ctrl.", weight: 1 },
        { headings: ["Set up"], anchor: "set-up", text: "a\n\nb\n\n1\n\n2", weight: 1 },
        { headings: ["Set up"], anchor: "set-up-1", text: "done", weight: 1 },
      ],
    });
  });

  it("takes the first heading for a title, and no draft", () => {
    expect(readMarkdown("\uFEFF# Hello\n\nworld", "a.html")).toMatchObject({ title: "Hello", sections: [{ text: "world" }] });
    expect(readMarkdown("---\ndraft: true\n---\ntext", "a.html")).toBeNull();
    expect(readMarkdown("---\n\nA rule above, no front matter.\n", "a.html")!.sections).toHaveLength(1);
  });

  it("says where front matter is no YAML", () => {
    expect(() => readMarkdown("---\na: [1\n---\nx", "docs/a.md")).toThrow(/the front matter of docs\/a\.md must be YAML/);
  });
});
