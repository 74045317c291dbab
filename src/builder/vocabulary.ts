/**
 * tokenizer.json of an XLM-RoBERTa model → the vocabulary file that src/tokenizer reads (layout: src/tokenizer/README.md). The same input gives the same
 * bytes. Not a general converter: every part of the pipeline that the tokenizer room does not implement is refused by name.
 */
import { InvalidCheckpointError } from "#core/errors.ts";
import { JsonView } from "#core/json-view.ts";
import { CHECKSUM_END, checksum, FORMAT_VERSION, HEADER_BYTES, HEADER_FIELDS, type Header, MAGIC, ScoreKind } from "#tokenizer/vocabulary-format.ts";
import { ByteWriter } from "./vocabulary-bytes.ts";
import type { CharsmapRules } from "./vocabulary-charsmap.ts";
import { parseTokenizerJson, type SpecialTokens, type TokenizerSource } from "./vocabulary-source.ts";

/**
 * @param tokenizerJson the file's text, or the object parsed from it
 * @throws InvalidCheckpointError when it is not an XLM-RoBERTa unigram tokenizer
 */
export function buildVocabulary(tokenizerJson: string | object): Uint8Array {
  return writeVocabulary(parseTokenizerJson(new JsonView(parse(tokenizerJson), (reason) => new InvalidCheckpointError(`tokenizer.json: ${reason}`))));
}

/** The same from a tokenizer that was read from another kind of file. */
export function writeVocabulary(source: TokenizerSource): Uint8Array {
  const tree = writePieces(source.pieces);
  const scores = writeScores(source.scores);
  const charsmap = writeCharsmap(source.charsmap);
  const special = writeSpecial(source.spaceHandling, source.special);
  return assemble([...tree.sections, scores, charsmap, special], {
    pieces: source.pieces.length,
    suffixUnits: tree.suffixUnits,
    scoreBytes: scores.length,
    charsmapBytes: charsmap.length,
    specialBytes: special.length,
  });
}

function parse(tokenizerJson: string | object): unknown {
  if (typeof tokenizerJson !== "string") return tokenizerJson;
  try {
    return JSON.parse(tokenizerJson);
  } catch (cause) {
    throw new InvalidCheckpointError("tokenizer.json is not JSON.", {}, { cause });
  }
}

/** Pieces sorted by UTF-16 units, each as "so many units of the last one, then these"; the ids in that order as three byte planes. */
function writePieces(pieces: readonly string[]): { sections: Uint8Array[]; suffixUnits: number } {
  const order = pieces.map((_, id) => id).sort((a, b) => (pieces[a]! < pieces[b]! ? -1 : 1));
  const shared = new Uint8Array(order.length);
  const own = new Uint8Array(order.length);
  const ids = new Uint8Array(3 * order.length);
  const suffixes: string[] = [];
  let last = "";
  order.forEach((id, rank) => {
    const piece = pieces[id]!;
    let common = 0;
    while (common < last.length && common < piece.length && last.charCodeAt(common) === piece.charCodeAt(common)) common++;
    shared[rank] = common;
    own[rank] = piece.length - common;
    suffixes.push(piece.slice(common));
    for (let plane = 0; plane < 3; plane++) ids[plane * order.length + rank] = id >>> (8 * plane);
    last = piece;
  });
  const units = suffixes.join("");
  const planes = new Uint8Array(2 * units.length);
  for (let i = 0; i < units.length; i++) {
    planes[i] = units.charCodeAt(i);
    planes[units.length + i] = units.charCodeAt(i) >>> 8;
  }
  return { sections: [shared, own, planes, ids], suffixUnits: units.length };
}

/** Scores in id order. Those of XLM-RoBERTa are float32 numbers that fall with the id, so their bit patterns differ little from one to the next. */
function writeScores(scores: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  if (!scores.every((score) => Math.fround(score) === score)) {
    writer.byte(ScoreKind.float64);
    for (const score of scores) writer.float64(score);
    return writer.finish();
  }
  writer.byte(ScoreKind.float32Differences);
  const bits = new Int32Array(Float32Array.from(scores).buffer);
  let last = 0;
  for (const value of bits) {
    const difference = (value - last) | 0;
    writer.varint((difference << 1) ^ (difference >> 31));
    last = value;
  }
  return writer.finish();
}

function writeCharsmap({ singles, pairs }: CharsmapRules): Uint8Array {
  const writer = new ByteWriter();
  let last = 0;
  writer.varint(singles.length);
  for (const [codePoint, replacement] of singles) {
    writer.varint(codePoint - last);
    writer.text(replacement);
    last = codePoint;
  }
  writer.varint(pairs.length);
  for (const [first, second, replacement] of pairs) {
    writer.varint(first);
    writer.varint(second);
    writer.text(replacement);
  }
  return writer.finish();
}

function writeSpecial(spaceHandling: number, { unkId, prefixIds, suffixIds, added }: SpecialTokens): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(spaceHandling);
  writer.varint(unkId);
  for (const ids of [prefixIds, suffixIds]) {
    writer.varint(ids.length);
    for (const id of ids) writer.varint(id);
  }
  writer.varint(added.length);
  for (const token of added) {
    writer.varint(token.id);
    writer.byte(token.flags);
    writer.text(token.content);
  }
  return writer.finish();
}

function assemble(sections: readonly Uint8Array[], lengths: Omit<Header, "version" | "fileBytes" | "checksum">): Uint8Array {
  const fileBytes = sections.reduce((sum, section) => sum + section.length, HEADER_BYTES);
  const file = new Uint8Array(fileBytes);
  const view = new DataView(file.buffer);
  for (let i = 0; i < MAGIC.length; i++) file[i] = MAGIC.charCodeAt(i);
  const header: Header = { version: FORMAT_VERSION, fileBytes, checksum: 0, ...lengths };
  HEADER_FIELDS.forEach((field, index) => {
    view.setUint32(MAGIC.length + 4 * index, header[field], true);
  });
  let at = HEADER_BYTES;
  for (const section of sections) {
    file.set(section, at);
    at += section.length;
  }
  view.setUint32(CHECKSUM_END - 4, checksum(file.subarray(CHECKSUM_END)), true);
  return file;
}
