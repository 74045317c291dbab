/** Tokenizers that are not XLM-RoBERTa's: through @huggingface/transformers, held against the Rust library (tests/oracle/make_bert_tokenizer.py). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "#core/manifest.ts";
import { openTokenizer } from "#tokenizer/open-tokenizer.ts";
import { importPeer } from "#tokenizer/peer-library.ts";
import { findPlaces } from "#tokenizer/token-places.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";
import { TransformersTokenizer } from "#tokenizer/transformers-tokenizer.ts";

const read = (file: string) => JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../fixtures/bert-tokenizer", file), "utf8"));
const json = read("tokenizer.json");
const config = read("tokenizer_config.json");
const { goldens, vocabSize } = read("goldens.json") as { goldens: { text: string; ids: number[]; offsets: [number, number][] }[]; vocabSize: number };
const manifest = { tokenizer: { kind: "transformers", file: "0123.json", bytes: 1, sha256: "" } } as Manifest;
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await openTokenizer(manifest, bytes({ tokenizer: json, config }));
});

describe("a BERT tokenizer", () => {
  it.each(goldens)("gives the ids and places of the Rust library for $text", ({ text, ids, offsets }) => {
    const found = tokenizer.encode(text);
    expect([...found.ids]).toEqual(ids);
    const pairs = Array.from(found.ids, (_, token) => [found.offsets[2 * token], found.offsets[2 * token + 1]]);
    expect(pairs).toEqual(offsets);
    expect(found).toMatchObject({ truncated: false, untruncatedLength: ids.length });
  });

  it("knows its special tokens and its size", () => {
    expect(tokenizer).toMatchObject({ vocabSize, bosId: 2, eosId: 3, padId: 0, unkId: 1, maskId: 4 });
  });

  it("cuts before the closing token, and leaves both out where they are not wanted", () => {
    const whole = tokenizer.encode("The cat sat on the mat.");
    const cut = tokenizer.encode("The cat sat on the mat.", { maxLength: 5 });
    expect([...cut.ids]).toEqual([...whole.ids.slice(0, 4), 3]);
    expect([...cut.offsets]).toEqual([...whole.offsets.slice(0, 8), 0, 0]);
    expect(cut).toMatchObject({ truncated: true, untruncatedLength: 9 });
    expect([...tokenizer.encode("The cat", { addSpecialTokens: false }).ids]).toEqual([...whole.ids.slice(1, 3)]);
    expect(() => tokenizer.encode("The cat", { maxLength: 1 })).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(() => tokenizer.encode(7 as never)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });

  it("decodes, with and without special tokens", () => {
    const { ids } = tokenizer.encode("where is the cat");
    expect(tokenizer.decode(ids)).toBe("where is the cat");
    expect(tokenizer.decode(2, { skipSpecialTokens: false })).toBe("[CLS]");
    expect(tokenizer.decode(2)).toBe("");
  });

  it("takes any string", () => {
    for (const text of ["\uD800", "a\uDC00b", "\u0000", "\u200D\u0301"]) expect(tokenizer.encode(text).ids.at(-1)).toBe(3);
  });
});

describe("what is refused", () => {
  it("a file that is no tokenizer's JSON", async () => {
    for (const wrong of [bytes({ tokenizer: json }), bytes([]), Uint8Array.of(1, 2, 3)]) {
      await expect(openTokenizer(manifest, wrong)).rejects.toMatchObject({ code: "corrupt-shard", fields: { file: "0123.json" } });
    }
  });

  it("a tokenizer that the library does not know, or one without tokens around a text", async () => {
    const library = await importPeer();
    expect(() => new TransformersTokenizer(library, { model: { type: "Magic" } }, {})).toThrow(expect.objectContaining({ code: "unsupported-model" }));
    expect(() => new TransformersTokenizer(library, { ...json, post_processor: null }, config)).toThrow("one special token before a text");
  });

  it("is told with the remedy where the library is not installed", async () => {
    const missing = () => Promise.reject(new Error("Cannot find package"));
    const { MissingPeerError } = await import("#core/errors.ts");
    const importLibrary = () =>
      missing().catch((cause) => {
        throw new MissingPeerError("@huggingface/transformers", "the tokenizer of this model", { cause });
      });
    await expect(openTokenizer(manifest, bytes({ tokenizer: json, config }), importLibrary)).rejects.toMatchObject({
      code: "missing-peer",
      fields: { package: "@huggingface/transformers" },
      message: expect.stringContaining("npm install @huggingface/transformers"),
    });
  });

  it("never asks for the library of a model that does not need it", async () => {
    const { XlmRobertaTokenizer } = await import("#tokenizer/xlm-roberta.ts");
    const vocabulary = new Uint8Array(readFileSync(path.resolve(import.meta.dirname, "../../../public/models/m3-mini", await vocabularyFile())));
    const own = { tokenizer: { kind: "xlm-roberta", file: "a.vocab", bytes: 1, sha256: "" } } as Manifest;
    const found = await openTokenizer(own, vocabulary, () => Promise.reject(new Error("asked for")));
    expect(found).toBeInstanceOf(XlmRobertaTokenizer);
  });
});

async function vocabularyFile(): Promise<string> {
  return JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../public/models/m3-mini/manifest.json"), "utf8")).tokenizer.file;
}

describe("places of tokens", () => {
  const places = (text: string, tokens: string[], unknown: number[] = []) => [...findPlaces(text, tokens, (token) => unknown.includes(token))];

  it("are found through case, accents, compatibility forms and marks", () => {
    expect(places("Élan ﬁn", ["elan", "fin"])).toEqual([0, 4, 5, 7]);
    expect(places("ﬁn", ["f", "##in"])).toEqual([0, 1, 1, 2]);
    expect(places("to you", ["▁to", "▁you"])).toEqual([0, 2, 3, 6]);
  });

  it("of an unknown word are the word's", () => expect(places("a ☃☃ b", ["a", "[UNK]", "b"], [1])).toEqual([0, 1, 2, 4, 5, 6]));

  it("of what is not found are empty, and the next is found all the same", () => expect(places("ab cd", ["ab", "zz", "cd"])).toEqual([0, 2, 2, 2, 3, 5]));

  it("never go back, and never leave the text", () => {
    const found = places("a a a", ["a", "a", "a", "a", "☃"], [3]);
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 5, 5, 5, 5]);
  });
});
