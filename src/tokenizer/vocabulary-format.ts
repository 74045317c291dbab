/**
 * The layout of a vocabulary file, for its writer (builder/vocabulary.ts) and its reader (vocabulary.ts). README.md describes it byte by byte.
 * All numbers are little-endian; "varint" is LEB128: seven bits a byte, low bits first.
 */

/** The first eight bytes. */
export const MAGIC = "m3-vocab";
export const FORMAT_VERSION = 1;

/** Header: magic, then these fields as u32 in this order. */
export const HEADER_FIELDS = [
  "version",
  "fileBytes",
  /** {@link checksum} of all bytes after this field. */
  "checksum",
  "pieces",
  "suffixUnits",
  "scoreBytes",
  "charsmapBytes",
  "specialBytes",
] as const;

export type HeaderField = (typeof HEADER_FIELDS)[number];
export type Header = Record<HeaderField, number>;

export const HEADER_BYTES = MAGIC.length + 4 * HEADER_FIELDS.length;
export const CHECKSUM_END = MAGIC.length + 4 * (HEADER_FIELDS.indexOf("checksum") + 1);

/** How scores are stored: differences of float32 bit patterns, or whole float64 numbers where float32 would not be exact. */
export const ScoreKind = { float32Differences: 0, float64: 1 } as const;

/** Flags of an added token. */
export const AddedTokenFlag = { stripLeft: 1, stripRight: 2 } as const;

/** What becomes of spaces: tokenizer.json files of XLM-RoBERTa models differ in it. */
export const SpaceHandling = {
  /** Words are what lies between white space (WhitespaceSplit), each with a word mark before it. */
  split: 0,
  /** A run of spaces is one word mark, also at the end of a text, where it is a token of its own. */
  mark: 1,
  /** As `mark`, but white space at the end is dropped first. */
  markAndStrip: 2,
} as const;

/** The character that stands for the space before a word. */
export const WORD_MARK = "\u2581";
export const WORD_MARK_UNIT = 0x2581;

/** A 32-bit sum over the bytes, in words of four and then the rest (FNV-1a's multiplication): finds damage by accident, not by intent. */
export function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = bytes.byteLength >> 2;
  let sum = 0x811c9dc5;
  for (let word = 0; word < words; word++) sum = Math.imul(sum ^ view.getInt32(4 * word, true), 0x01000193) ^ (sum >>> 15);
  for (let at = 4 * words; at < bytes.length; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  return sum >>> 0;
}
