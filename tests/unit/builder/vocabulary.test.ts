import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildVocabulary } from "#builder/vocabulary.ts";
import { InvalidCheckpointError } from "#core/errors.ts";
import { readVocabulary } from "#tokenizer/vocabulary.ts";

const text = readFileSync(path.join(import.meta.dirname, "../../../models/m3-mini/tokenizer.json"), "utf8");
const json = JSON.parse(text);
const bytes = buildVocabulary(text);

/** tokenizer.json with some pieces only and some parts changed; small, so that a test of a refusal is quick. */
const changed = (parts: Record<string, unknown>, model: Record<string, unknown> = {}) => ({
  ...json,
  ...parts,
  model: { ...json.model, vocab: json.model.vocab.slice(0, 100), ...model },
});

describe("buildVocabulary", () => {
  it("gives the same bytes from the text and from the object", () => {
    expect(Buffer.compare(buildVocabulary(json), bytes)).toBe(0);
  });

  it("keeps every piece and every score", () => {
    const { trie, scores, pieces } = readVocabulary(bytes);
    expect(pieces).toBe(json.model.vocab.length);
    const wrong = json.model.vocab.filter(([piece, score]: [string, number], id: number) => trie.piece(id) !== piece || scores[id] !== score);
    expect(wrong).toEqual([]);
  });

  it("keeps the rules of the character map that can take effect", () => {
    const { charsmap } = readVocabulary(bytes);
    expect([charsmap.singles.length, charsmap.pairs.length]).toEqual([5009, 675]);
    const singles = new Map(charsmap.singles);
    expect([0x9, 0x1, 0x2581, 0xfeff, 0xfb01, 0xff21].map((codePoint) => singles.get(codePoint))).toEqual([" ", "", " ", " ", "fi", "A"]);
    expect(charsmap.pairs.find(([first, second]) => first === 0x65 && second === 0x301)?.[2]).toBe("é");
  });

  it("knows the special tokens", () => {
    const { unkId, prefixIds, suffixIds, added } = readVocabulary(bytes);
    expect([unkId, prefixIds, suffixIds]).toEqual([3, [0], [2]]);
    expect(added).toEqual([
      { id: 0, content: "<s>", flags: 0 },
      { id: 1, content: "<pad>", flags: 0 },
      { id: 2, content: "</s>", flags: 0 },
      { id: 3, content: "<unk>", flags: 0 },
      { id: 250001, content: "<mask>", flags: 1 },
    ]);
  });

  it("fits 1.6 MB after brotli", () => {
    // Quality 9 is looser than the 11 that a server would use once, and ten times quicker.
    const compressed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
    expect(compressed.length).toBeLessThan(1.6e6);
  });

  it("takes the older spelling of Metaspace", () => {
    const metaspace = { type: "Metaspace", replacement: "▁", add_prefix_space: true };
    const old = changed({ pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] } });
    expect(Buffer.compare(buildVocabulary(old), buildVocabulary(changed({})))).toBe(0);
  });
});

describe("what is not XLM-RoBERTa's tokenizer is refused", () => {
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true };
  const sequence = (...normalizers: object[]) => ({ type: "Sequence", normalizers });
  const collapse = { type: "Replace", pattern: { Regex: " {2,}" }, content: " " };
  const charsmap = (base64: string) => ({ normalizer: { type: "Precompiled", precompiled_charsmap: base64 } });
  const token = { id: 9, content: "<x>", single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

  it.each<[string, unknown]>([
    ["text that is no JSON", "{"],
    ["an array", []],
    ["an empty object", {}],
    ["BPE", changed({}, { type: "BPE" })],
    ["byte fallback", changed({}, { byte_fallback: true })],
    ["no pieces", changed({}, { vocab: undefined })],
    ["pieces as an object", changed({}, { vocab: { a: 0 } })],
    ["an empty piece", changed({}, { vocab: [["", 0]], unk_id: 0 })],
    ["a piece that is cut in a pair", changed({}, { vocab: [["\ud83d", 0]], unk_id: 0 })],
    [
      "the same piece twice",
      changed(
        {},
        {
          vocab: [
            ["a", 0],
            ["a", -1],
          ],
          unk_id: 0,
        },
      ),
    ],
    ["a score that is no number", changed({}, { vocab: [["a", null]], unk_id: 0 })],
    ["no unknown token", changed({}, { unk_id: null })],
    ["an unknown token outside", changed({}, { unk_id: 100 })],
    ["no normalizer", changed({ normalizer: null })],
    ["another normalizer", changed({ normalizer: { type: "NFC" } })],
    ["a character map that is no base64", changed(charsmap("%"))],
    ["an empty character map", changed(charsmap(""))],
    ["a character map that is cut", changed(charsmap(json.normalizer.precompiled_charsmap.slice(0, 4000)))],
    ["a character map of other bytes", changed(charsmap(btoa(`\x08\0\0\0${"\xff".repeat(20)}`)))],
    ["no pre-tokenizer", changed({ pre_tokenizer: null })],
    ["another pre-tokenizer", changed({ pre_tokenizer: { type: "ByteLevel" } })],
    ["a splitter that is not WhitespaceSplit", changed({ pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Whitespace" }, metaspace] } })],
    [
      "Metaspace without a prefix",
      changed({ pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, { ...metaspace, prepend_scheme: "first" }] } }),
    ],
    ["Metaspace alone without Replace", changed({ pre_tokenizer: metaspace })],
    [
      "Metaspace alone with another Replace",
      changed({ pre_tokenizer: metaspace, normalizer: sequence(json.normalizer, { ...collapse, pattern: { String: " " } }) }),
    ],
    ["Replace before WhitespaceSplit", changed({ normalizer: sequence(json.normalizer, collapse) })],
    [
      "Strip on the left",
      changed({ pre_tokenizer: metaspace, normalizer: sequence(json.normalizer, { type: "Strip", strip_left: true, strip_right: true }, collapse) }),
    ],
    ["a step too many", changed({ pre_tokenizer: metaspace, normalizer: sequence(json.normalizer, collapse, collapse, collapse) })],
    ["no post-processor", changed({ post_processor: null })],
    ["another post-processor", changed({ post_processor: { type: "RobertaProcessing" } })],
    ["a template without the text", changed({ post_processor: { ...json.post_processor, single: [] } })],
    ["an added token for whole words", changed({ added_tokens: [{ ...token, single_word: true }] })],
    ["an added token after normalising", changed({ added_tokens: [{ ...token, normalized: true }] })],
    ["an added token without text", changed({ added_tokens: [{ ...token, content: "" }] })],
  ])("%s", (_, source) => {
    expect(() => buildVocabulary(source as object)).toThrow(InvalidCheckpointError);
  });
});
