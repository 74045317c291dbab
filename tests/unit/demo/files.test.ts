/** Reading the reader's files: encodings, marks, names, and what is refused. */
import { describe, expect, it } from "vitest";
import { decodeText } from "../../../demo/src/files/decode.ts";
import { readSections } from "../../../demo/src/files/read.ts";
import { joined, wholeWords } from "../../../demo/src/files/view/marks.ts";
import { plainName } from "../../../demo/src/files/view/name.ts";

const { signal } = new AbortController();
const read = (name: string, content: string | Uint8Array<ArrayBuffer>) =>
  readSections({ path: `folder/${name}`, file: new File([content], name) }, ["en"], signal);

describe("decodeText", () => {
  it("reads UTF-8 and UTF-16 with and without marks", () => {
    const text = "Grüße 안녕";
    expect(decodeText(new TextEncoder().encode(text), [])).toBe(text);
    expect(decodeText(new TextEncoder().encode(`\ufeff${text}`), [])).toBe(text);
    expect(decodeText(Buffer.from(`\ufeff${text}`, "utf16le"), [])).toBe(text);
    expect(decodeText(Buffer.from(`\ufeff${text}`, "utf16le").swap16(), [])).toBe(text);
  });

  it("takes bytes that are not UTF-8 for what the reader's language used before it, or the file declares", () => {
    const korean = Uint8Array.of(0xbe, 0xc8, 0xb3, 0xe7);
    expect(decodeText(korean, ["ko-KR"])).toBe("안녕");
    expect(decodeText(korean, ["en"], "euc-kr")).toBe("안녕");
    expect(decodeText(Uint8Array.of(0x47, 0x72, 0xfc, 0xdf, 0x65), ["de"])).toBe("Grüße");
    expect(decodeText(Uint8Array.of(0xe9), ["de"], "no such encoding")).toBe("é");
  });

  it("refuses what is no text", () => {
    expect(() => decodeText(Uint8Array.of(1, 0, 2), ["en"])).toThrow("notText");
  });
});

describe("readSections", () => {
  it("gives a text as it is, and pages by their headings", async () => {
    expect(await read("note.txt", "A note.")).toEqual([{ title: "note", text: "A note." }]);
    const sections = await read("page.md", "# Page\n\nFirst.\n\n## Part\n\nSecond.");
    expect(sections).toEqual([
      { title: "Page", text: "First." },
      { title: "Page › Part", text: "Second." },
    ]);
    expect(await read("page.HTML", "<title>T</title><main><p>Told.<script>not()</script></main>")).toEqual([{ title: "T", text: "Told." }]);
  });

  it.each([
    ["photo.jpg", "x", "kind"],
    ["noname", "x", "kind"],
    ["empty.txt", " \n", "empty"],
    ["draft.md", "---\ndraft: true\n---\ntext", "hidden"],
    ["front.md", "---\na: [\n---\ntext", "broken"],
    ["binary.txt", "a\0b", "notText"],
  ])("refuses %s", async (name, content, reason) => {
    await expect(read(name, content)).rejects.toMatchObject({ reason });
  });
});

describe("marks", () => {
  it("are joined where they touch or overlap", () => {
    expect(
      joined([
        [5, 8],
        [0, 2],
        [2, 4],
        [6, 7],
        [9, 9],
      ]),
    ).toEqual([
      [0, 4],
      [5, 8],
    ]);
  });
});

describe("whole words", () => {
  const words = (text: string, ...ranges: [number, number][]) => wholeWords(text, ranges).map(([start, end]) => text.slice(start, end));

  it("are marked where most of a word is, in scripts with spaces", () => {
    expect(words("the gears of bicycles", [8, 9], [13, 20])).toEqual(["bicycles"]);
    expect(words("fan", [0, 3])).toEqual(["fan"]);
  });

  it("are marked in part in scripts without", () => {
    expect(words("배추를 절인다", [0, 2], [3, 4])).toEqual(["배추"]);
  });
});

describe("plainName", () => {
  it("shows characters that would deceive", () => {
    expect(plainName("invoice\u202egpj.exe")).toBe("invoice\ufffdgpj.exe");
    expect(plainName("a\u0000\u200bb\n")).toBe("a\ufffd\ufffdb\ufffd");
    expect(plainName("한글 – ßé.txt")).toBe("한글 – ßé.txt");
  });
});
