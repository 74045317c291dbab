import { readFileSync } from "node:fs";
import path from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { parseSentencePiece } from "#builder/sentencepiece.ts";
import { readTokenizer } from "#builder/tokenizer-file.ts";
import { buildVocabulary, writeVocabulary } from "#builder/vocabulary.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";
import { memorySource } from "./memory-folder.ts";

const TESTS = path.join(import.meta.dirname, "../..");
const FILE = "sentencepiece.bpe.model";
const tokenizerJson = readFileSync(path.join(TESTS, "../models/m3-mini/tokenizer.json"), "utf8");
const json = JSON.parse(tokenizerJson);
const charsmap = Uint8Array.from(atob(json.normalizer.precompiled_charsmap), (character) => character.charCodeAt(0));

interface ModelParts {
  readonly pieces?: readonly (readonly [piece: string, score: number, type: number])[];
  readonly modelType?: number;
  readonly byteFallback?: boolean;
  readonly charsmap?: Uint8Array;
  readonly dummyPrefix?: boolean;
}

const SPECIALS = [
  ["<unk>", 0, 2],
  ["<s>", 0, 3],
  ["</s>", 0, 3],
] as const;
const A_PIECE = ["▁a", -1, 1] as const;

/** A SentencePiece model, as protobuf writes it. */
function writeModel({ pieces = [...SPECIALS, A_PIECE], modelType = 1, byteFallback, charsmap: blob = charsmap, dummyPrefix = true }: ModelParts) {
  const model = new BinaryWriter();
  for (const [piece, score, type] of pieces) {
    model.tag(1, WireType.LengthDelimited).fork();
    model.tag(1, WireType.LengthDelimited).string(piece).tag(2, WireType.Bit32).float(score).tag(3, WireType.Varint).int32(type).join();
  }
  model.tag(2, WireType.LengthDelimited).fork().tag(4, WireType.Varint).int32(8000).tag(3, WireType.Varint).int32(modelType);
  if (byteFallback !== undefined) model.tag(35, WireType.Varint).bool(byteFallback);
  model.join();
  model.tag(3, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string("nmt_nfkc");
  model.tag(2, WireType.LengthDelimited).bytes(blob).tag(3, WireType.Varint).bool(dummyPrefix).join();
  return new Uint8Array(model.finish());
}

describe("sentencepiece.bpe.model", () => {
  it("with XLM-RoBERTa's pieces gives, bit for bit, the vocabulary of its tokenizer.json", async () => {
    const own = json.model.vocab.slice(4, -1).map(([piece, score]: [string, number]) => [piece, score, 1]);
    const bytes = writeModel({ pieces: [...SPECIALS, ...own] });
    const { bytes: vocabulary } = await readTokenizer(memorySource({ [FILE]: bytes }), 250002);
    expect(Buffer.compare(vocabulary, buildVocabulary(tokenizerJson))).toBe(0);
    await expect(readTokenizer(memorySource({ [FILE]: bytes }), 250001)).rejects.toThrow("ids up to 250001, but its word embeddings have 250001 rows");
  });

  it("as SentencePiece's own trainer wrote it gives SentencePiece's own ids", () => {
    const folder = path.join(TESTS, "fixtures/sentencepiece");
    const goldens = JSON.parse(readFileSync(path.join(folder, "goldens.json"), "utf8"));
    const source = parseSentencePiece(new Uint8Array(readFileSync(path.join(folder, "small.model"))), FILE);
    const tokenizer = XlmRobertaTokenizer.fromBytes(writeVocabulary(source));
    expect(source.pieces).toHaveLength(goldens.pieces + 2);
    for (const { text, ids } of goldens.texts) expect(Array.from(tokenizer.encode(text).ids), text).toEqual(ids);
  });

  it("is passed over when there is a tokenizer.json", async () => {
    const files = { "tokenizer.json": new TextEncoder().encode(tokenizerJson), [FILE]: new Uint8Array([1]) };
    expect(Buffer.compare((await readTokenizer(memorySource(files), 250002)).bytes, buildVocabulary(tokenizerJson))).toBe(0);
  });

  it.each<[string, Uint8Array, string]>([
    ["no protobuf", new Uint8Array([255, 255, 255]), "is no SentencePiece model"],
    ["empty", new Uint8Array(), "is no SentencePiece model"],
    ["HTML", new TextEncoder().encode("<!doctype html><html></html>"), "is no SentencePiece model"],
    ["cut", writeModel({}).slice(0, -10), "is no SentencePiece model"],
    ["of type BPE", writeModel({ modelType: 2 }), "another type than unigram"],
    ["with byte fallback", writeModel({ byteFallback: true }), "falls back to bytes"],
    ["without a dummy prefix", writeModel({ dummyPrefix: false }), "add_dummy_prefix: false"],
    ["with other special pieces", writeModel({ pieces: [["<pad>", 0, 3], ...SPECIALS, A_PIECE] }), "does not begin with"],
    ["with a piece of its user's", writeModel({ pieces: [...SPECIALS, ["<sep>", 0, 4]] }), `the piece "<sep>" of type 4`],
    ["with a score that is NaN", writeModel({ pieces: [...SPECIALS, ["a", Number.NaN, 1]] }), "score NaN"],
    ["with a piece twice", writeModel({ pieces: [...SPECIALS, A_PIECE, A_PIECE] }), "a piece twice"],
    ["without a charsmap", writeModel({ charsmap: new Uint8Array() }), "charsmap"],
    ["with a damaged charsmap", writeModel({ charsmap: charsmap.subarray(0, 99) }), "charsmap"],
  ])("is refused when it is %s", (_, bytes, message) => {
    expect(() => parseSentencePiece(bytes, FILE)).toThrow(expect.objectContaining({ code: "invalid-checkpoint", message: expect.stringContaining(message) }));
  });
});
