/** The language of a query against that of the corpus, on GNOME Help: one half of the pages is the corpus, the other half's texts are the queries. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openFileModel } from "#cli/file-model.ts";
import { countScripts, isCrossLingual } from "#search/cross-lingual.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";

interface Page {
  readonly title: string;
  readonly description: string;
  readonly body: string;
}

let tokenizer: XlmRobertaTokenizer;
beforeAll(async () => {
  tokenizer = XlmRobertaTokenizer.fromBytes(await (await openFileModel(path.resolve("public/models/m3-mini"))).readTokenizer());
});

const tokenize = (text: string) => tokenizer.encode(text, { addSpecialTokens: false });
const pagesOf = (lang: string): Page[] =>
  readFileSync(`corpus/gnome-help/${lang}.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Page);

function corpusOf(texts: readonly string[]) {
  const frequencies = new Map<number, number>();
  for (const text of texts) for (const id of new Set(tokenize(text).ids)) frequencies.set(id, (frequencies.get(id) ?? 0) + 1);
  const corpusScripts = countScripts(texts);
  return (query: string) => {
    const { ids, offsets } = tokenize(query);
    const tokens = Array.from(ids, (id, place) => ({ start: offsets[2 * place]!, end: offsets[2 * place + 1]!, frequency: frequencies.get(id) ?? 0 }));
    return isCrossLingual({ query, tokens, passages: texts.length, corpusScripts });
  };
}

const halves = (lang: string) => {
  const pages = pagesOf(lang);
  const middle = Math.floor(pages.length / 2);
  return { first: pages.slice(0, middle).map(({ title, body }) => `${title}\n${body}`), second: pages.slice(middle) };
};
const shareNoticed = (notices: (query: string) => boolean, queries: readonly string[]) => queries.filter(notices).length / queries.length;

describe("isCrossLingual", () => {
  it.each(["en", "de", "fr", "ru", "ko"])("leaves questions and titles in the corpus's own language alone: %s", (lang) => {
    const { first, second } = halves(lang);
    const notices = corpusOf(first);
    expect(shareNoticed(notices, second.map(({ title }) => title).filter(Boolean))).toBeLessThanOrEqual(0.02);
    expect(shareNoticed(notices, second.map(({ description }) => description).filter(Boolean))).toBeLessThanOrEqual(0.02);
  });

  it.each([
    ["ko", "en", 0.95],
    ["ru", "en", 0.95],
    ["ko", "de", 0.95],
    ["ru", "ko", 0.95],
    ["de", "en", 0.8],
    ["de", "fr", 0.8],
    ["en", "de", 0.5],
  ])("notices questions in %s over pages in %s", (queries, corpus, least) => {
    const { second } = halves(queries);
    expect(
      shareNoticed(
        corpusOf(halves(corpus).first),
        second.map(({ description }) => description).filter((text) => text?.trim().split(/\s+/).length >= 4),
      ),
    ).toBeGreaterThanOrEqual(least);
  });

  it("does not misjudge short queries, names, and nothing at all", () => {
    const english = corpusOf(halves("en").first);
    for (const query of ["Orca", "Nautilus", "Bluetooth", "GIMP Inkscape", "Wi-Fi WPA2", "Thunderbird", "42", "", "!!", "Xorg nouveau"])
      expect(english(query), query).toBe(false);
    const korean = corpusOf(halves("ko").first);
    for (const query of ["GNOME", "Bluetooth", "Wi-Fi 연결", "GNOME Shell에서 Orca 끄기"]) expect(korean(query), query).toBe(false);
    for (const query of ["GNOME에서 Orca 끄기", "화면", "Wi-Fi 연결"]) expect(english(query), query).toBe(true);
  });

  it("tells Japanese from Chinese by kana", () => {
    const chinese = corpusOf(["如何更改屏幕亮度。", "打开设置,然后单击电源。"]);
    expect(chinese("画面の明るさを変えるには")).toBe(true);
    expect(chinese("屏幕亮度")).toBe(false);
  });

  it("says nothing about a language of the same script while the corpus is small", () => {
    const few = corpusOf(["Turn on bounce keys.", "Set up a printer."]);
    expect(few("Wie stelle ich die Auflösung des Bildschirms ein?")).toBe(false);
    expect(few("화면 해상도")).toBe(true);
    expect(corpusOf([])("Where is it and why?")).toBe(false);
  });
});
