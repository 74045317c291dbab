import { describe, expect, it } from "vitest";
import { InvalidInputError } from "#core/errors.ts";
import { loadTokenizer } from "./m3-mini.ts";

const tokenizer = loadTokenizer();
const idsOf = (text: string) => [...tokenizer.encode(text).ids];

describe("encode", () => {
  it("gives ids, and offsets into the given text", () => {
    const text = "Hello world, schöne Welt!";
    const { ids, offsets, truncated, untruncatedLength } = tokenizer.encode(text);
    expect([...ids]).toEqual([0, 35378, 8999, 4, 47622, 12389, 38, 2]);
    const parts = [...ids].map((_, token) => text.slice(offsets[2 * token], offsets[2 * token + 1]));
    expect(parts).toEqual(["", "Hello", "world", ",", "schöne", "Welt", "!", ""]);
    expect([truncated, untruncatedLength]).toEqual([false, 8]);
  });

  it("counts offsets in the text as given, not as normalised", () => {
    const text = "🙂 <mask> is  ﬁne ½";
    const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
    expect([...ids].map((_, token) => text.slice(offsets[2 * token], offsets[2 * token + 1]))).toEqual(["🙂", " <mask>", "is", "ﬁne", "½"]);
  });

  it("leaves out special tokens when asked", () => {
    expect([...tokenizer.encode("Hello", { addSpecialTokens: false }).ids]).toEqual([35378]);
    expect(idsOf("")).toEqual([0, 2]);
    expect(tokenizer.encode("", { addSpecialTokens: false }).ids.length).toBe(0);
  });

  it("cuts at maxLength before the closing special token, and says so", () => {
    const text = "Hello world, schöne Welt!";
    const cut = tokenizer.encode(text, { maxLength: 5 });
    expect([...cut.ids]).toEqual([0, 35378, 8999, 4, 2]);
    expect([...cut.offsets]).toEqual([0, 0, 0, 5, 6, 11, 11, 12, 0, 0]);
    expect([cut.truncated, cut.untruncatedLength]).toEqual([true, 8]);
    expect(tokenizer.encode(text, { maxLength: 8 }).truncated).toBe(false);
    expect([...tokenizer.encode(text, { maxLength: 2 }).ids]).toEqual([0, 2]);
    expect([...tokenizer.encode(text, { maxLength: 1, addSpecialTokens: false }).ids]).toEqual([35378]);
  });

  it("reads special tokens written in the text as those tokens", () => {
    expect(idsOf("<s> </s> <pad> <unk> <mask> literal")).toEqual([0, 0, 2, 1, 3, 250001, 15659, 289, 2]);
  });

  it("takes a lone surrogate for U+FFFD", () => {
    for (const lone of ["\ud800", "\udfff", "a\udc00b", "\ud83dz", "x\ud83d\ud83d\ude42"]) {
      expect(idsOf(lone)).toEqual(idsOf(Buffer.from(lone, "utf8").toString("utf8")));
    }
  });

  it("does not keep anything of one text for the next", () => {
    const first = tokenizer.encode("Hello world");
    const kept = [...first.ids];
    tokenizer.encode("etwas ganz anderes, und viel länger");
    expect([...first.ids]).toEqual(kept);
    // A shifted alignment ends with its text.
    tokenizer.encode("\u0001\u0001shifted");
    expect([...tokenizer.encode("Hello").offsets]).toEqual([0, 0, 0, 5, 0, 0]);
  });

  it.each([0, 1, -1, 2.5, Number.NaN, "5", null])("refuses maxLength %s", (maxLength) => {
    expect(() => tokenizer.encode("a", { maxLength: maxLength as number })).toThrow(InvalidInputError);
  });

  it.each([undefined, null, 5, ["a"], {}])("refuses %s as a text", (text) => {
    expect(() => tokenizer.encode(text as string)).toThrow(InvalidInputError);
  });
});

describe("ids and pieces", () => {
  it("knows the special ids", () => {
    expect([tokenizer.bosId, tokenizer.padId, tokenizer.eosId, tokenizer.unkId, tokenizer.maskId]).toEqual([0, 1, 2, 3, 250001]);
    expect(tokenizer.vocabSize).toBe(250002);
  });

  it("gives pieces", () => {
    expect([0, 8, 35378, 250001].map((id) => tokenizer.idToPiece(id))).toEqual(["<s>", "▁de", "▁Hello", "<mask>"]);
    for (const id of [-1, 250002, 1.5, Number.NaN]) expect(() => tokenizer.idToPiece(id)).toThrow(InvalidInputError);
  });

  it("decodes as Rust does", () => {
    expect(tokenizer.decode(tokenizer.encode("Hello world, schöne Welt!").ids)).toBe("Hello world, schöne Welt!");
    expect(tokenizer.decode(tokenizer.encode("<mask> is  ﬁne ½").ids)).toBe("is fine 1⁄2");
    expect(tokenizer.decode(35378)).toBe("Hello");
    expect(tokenizer.decode([0, 6, 5])).toBe(".");
    expect(tokenizer.decode([])).toBe("");
  });

  it("names special tokens when asked, one by one as transformers does", () => {
    expect([250001, 6, 5, 0, 35378].map((id) => tokenizer.decode(id, { skipSpecialTokens: false }))).toEqual(["<mask>", "", ".", "<s>", "Hello"]);
  });
});
