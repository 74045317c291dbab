import { describe, expect, it } from "vitest";
import { mineHardNegatives } from "#training/curation/hard-negatives.ts";
import { type MakePairsOptions, makePairs } from "#training/curation/make-pairs.ts";
import { type Page, parsePage } from "#training/curation/page.ts";

const options: MakePairsOptions = { kinds: ["title", "section", "lead", "cross"], crossShare: 1, leastQuery: 3, leastPassage: 20, seed: 1 };
const sentence = (about: string) => `This is a sentence that says something about ${about}.`;
const page = (id: string, lang: string, title: string, ...lines: string[]): Page => ({ id, lang, title, body: lines.join("\n") });

describe("pairs of a corpus", () => {
  it("are title to body, heading to section, first paragraph to the rest", () => {
    const { pairs, report } = makePairs(
      [page("a", "en", "Print a page", sentence("printing"), "Choose a printer", sentence("printers"), sentence("paper"))],
      options,
    );
    expect(pairs.map(({ query, pos }) => [query, pos[0]])).toEqual(
      expect.arrayContaining([
        ["Print a page", `${sentence("printing")}\nChoose a printer\n${sentence("printers")}\n${sentence("paper")}`],
        ["Choose a printer", `${sentence("printers")}\n${sentence("paper")}`],
        [sentence("printing"), `Choose a printer\n${sentence("printers")}\n${sentence("paper")}`],
      ]),
    );
    expect(report).toMatchObject({ pages: 1, kept: { title: 1, section: 1, lead: 1, cross: 0 }, languages: { en: 3 } });
    expect(pairs.every(({ id, group }) => id === "a" && group === "en")).toBe(true);
  });

  it("are title to body in another language where ids are the same", () => {
    const pages = [
      page("a", "en", "Print a page", sentence("printing")),
      page("a", "de", "Eine Seite drucken", sentence("Drucken")),
      page("b", "de", "Allein", sentence("b")),
    ];
    const { pairs } = makePairs(pages, { ...options, kinds: ["cross"] });
    expect(pairs.map(({ query, pos, group }) => [query, pos[0], group]).sort()).toEqual([
      ["Eine Seite drucken", sentence("printing"), "to en"],
      ["Print a page", sentence("Drucken"), "to de"],
    ]);
  });

  it("are, across languages, of passages that another pair has already, as long as there are such", () => {
    const pages = ["a", "b", "c", "d"].flatMap((id) => ["en", "de", "fr"].map((lang) => page(id, lang, `Title ${id} in ${lang}`, sentence(`${id} ${lang}`))));
    const { pairs } = makePairs(pages, { ...options, kinds: ["title", "cross"], maxPairs: 4 });
    const known = new Set(pairs.filter(({ group }) => !group!.startsWith("to ")).map(({ pos }) => pos[0]));
    const across = pairs.filter(({ group }) => group!.startsWith("to "));
    expect([known.size, across.length]).toEqual([4, 4]);
    for (const { pos } of across) expect(known).toContain(pos[0]);
  });

  it("are without duplicates, boilerplate, what is too short, and queries that several pages answer; all of which is counted", () => {
    const note = "To access this command, open the menu and look there.";
    const pages = [
      ...Array.from({ length: 12 }, (_, index) => page(`p${index}`, "en", `Title ${index}`, note, sentence(`subject ${index}`))),
      page("copy", "en", "Another title", note, sentence("subject 3")),
      page("short", "en", "Short", "Too short."),
      page("one", "en", "The same", sentence("one")),
      page("two", "en", "the same", sentence("two")),
    ];
    const { pairs, report } = makePairs(pages, { ...options, kinds: ["title"] });
    expect(pairs).toHaveLength(12);
    expect(pairs.some(({ pos }) => pos[0]!.includes("To access"))).toBe(false);
    expect(report).toMatchObject({ kept: { title: 12 }, dropped: { duplicatePages: 1, ambiguous: 2 }, boilerplateLines: 1 });
    expect(report.dropped.tooShort).toBeGreaterThanOrEqual(1);
  });

  it("are drawn by the seed when there are too many", () => {
    const pages = Array.from({ length: 30 }, (_, index) => page(`p${index}`, "en", `Title ${index}`, sentence(`subject ${index}`)));
    const draw = (seed: number) => makePairs(pages, { ...options, maxPairs: 10, seed }).pairs.map(({ query }) => query);
    expect(draw(1)).toHaveLength(10);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(2)).not.toEqual(draw(1));
  });

  it("need the languages that were asked for, and something to pair", () => {
    const pages = [page("a", "en", "A title", sentence("a")), page("b", "de", "Ein Titel", sentence("b"))];
    expect(() => makePairs(pages, { ...options, languages: ["en", "fa"] })).toThrowError(
      /--languages must be some of those of the corpus \(de, en\), but it is "fa"/,
    );
    expect(() => makePairs(pages, { ...options, kinds: ["cross"] })).toThrowError(/make pairs of the kinds cross/);
    expect(() => makePairs([], options)).toThrowError(/corpus must be/);
  });
});

describe("a page", () => {
  it("may have more fields, and no language", () => {
    expect(parsePage('{"id": "a", "title": " T ", "body": "b", "description": "d"}', "x")).toEqual({ id: "a", lang: "", title: "T", body: "b" });
  });

  it.each([["{"], ['{"title": "t", "body": "b"}'], ['{"id": "", "title": "t", "body": "b"}'], ['{"id": "a", "title": 1, "body": "b"}'], ["3"]])(
    "is not %s",
    (line) => {
      expect(() => parsePage(line, "pages.jsonl, line 7")).toThrowError(/pages\.jsonl, line 7/);
    },
  );
});

describe("hard negatives", () => {
  // Passages at angles from the query; the positive is the first.
  const at = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const passages = Float64Array.from([30, 5, 40, 60, 35, 120].flatMap(at));
  const queries = Float64Array.from(at(0));
  const mining = [0, 1, 2, 3, 4, 5].map((passage) => ({ query: 0, passage, id: passage === 4 ? "0" : `${passage}`, group: passage === 5 ? "other" : "" }));

  it("are the most alike of the group that are not nearly as good as the positive, nor of the same id", () => {
    // 5 degrees is better than the positive, so it may be right; 35 degrees has the positive's id.
    expect(mineHardNegatives(mining, queries, passages, 2, { count: 3, ceiling: 0.98 })[0]).toEqual([2, 3]);
    expect(mineHardNegatives(mining, queries, passages, 2, { count: 1, ceiling: 0.98 })[0]).toEqual([2]);
    expect(mineHardNegatives(mining, queries, passages, 2, { count: 1, ceiling: 2 })[0]).toEqual([1]);
  });
});
