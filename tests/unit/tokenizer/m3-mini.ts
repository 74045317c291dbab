/** m3-mini's tokenizer for tests, built from its checkpoint, and the golden files. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { buildVocabulary } from "#builder/vocabulary.ts";
import { XlmRobertaTokenizer } from "#tokenizer/xlm-roberta.ts";

const root = path.join(import.meta.dirname, "../../..");

/** The parts of tokenizer.json that tests change. */
export interface TokenizerJson {
  [part: string]: unknown;
  normalizer: object;
  pre_tokenizer: { pretokenizers: object[] };
  model: { type: string; unk_id: number; vocab: [piece: string, score: number][] };
}

export function readTokenizerJson(): TokenizerJson {
  return JSON.parse(readFileSync(path.join(root, "models/m3-mini/tokenizer.json"), "utf8"));
}

/** The same tokenizer as transformers 4's converters wrote it; what make_tokenizer_goldens.py does with --spaces. */
export function withSpaces(json: TokenizerJson, spaces: "mark" | "strip"): object {
  const strip = { type: "Strip", strip_left: false, strip_right: true };
  const collapse = { type: "Replace", pattern: { Regex: " {2,}" }, content: spaces === "strip" ? "▁" : " " };
  const normalizers = spaces === "strip" ? [json.normalizer, strip, collapse] : [json.normalizer, collapse];
  return { ...json, normalizer: { type: "Sequence", normalizers }, pre_tokenizer: json.pre_tokenizer.pretokenizers[1] };
}

let bytes: Uint8Array | undefined;

export function vocabularyBytes(): Uint8Array {
  bytes ??= buildVocabulary(readTokenizerJson());
  return bytes;
}

export function loadTokenizer(): XlmRobertaTokenizer {
  return XlmRobertaTokenizer.fromBytes(vocabularyBytes());
}

/** The lines of a golden file after its header. */
export function readGoldens<Line>(name: string): Line[] {
  const lines = gunzipSync(readFileSync(path.join(root, "tests/oracle", name)))
    .toString("utf8")
    .trimEnd()
    .split("\n");
  return lines.slice(1).map((line) => JSON.parse(line));
}
