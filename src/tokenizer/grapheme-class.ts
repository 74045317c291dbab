/**
 * The grapheme-cluster class of a code point: Grapheme_Cluster_Break of UAX #29, refined by Extended_Pictographic and Indic_Conjunct_Break, each code
 * point in exactly one class. The data is Unicode 17, as in the Rust crate that the reference tokenizer uses; Intl.Segmenter's version varies by engine.
 */
import { GRAPHEME_RUNS } from "./generated/grapheme-ranges.ts";

/** Numbers are part of the generated table: run tools/make-grapheme-table.ts after a change. */
export const GraphemeClass = {
  Other: 0,
  CarriageReturn: 1,
  LineFeed: 2,
  Control: 3,
  Prepend: 4,
  SpacingMark: 5,
  RegionalIndicator: 6,
  HangulL: 7,
  HangulV: 8,
  HangulT: 9,
  HangulLV: 10,
  HangulLVT: 11,
  /** Extend that plays no part in Indic conjuncts. */
  Extend: 12,
  IndicExtend: 13,
  IndicLinker: 14,
  /** U+200D; counts as IndicExtend too. */
  ZeroWidthJoiner: 15,
  IndicConsonant: 16,
  Pictographic: 17,
} as const;

const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const SYLLABLES_PER_LV = 28;
const CAPITAL_A = 65;

export interface GraphemeClasses {
  /** Class of each code point below 0x10000. */
  readonly basic: Uint8Array;
  /** First code point of each run above, ascending, and its class. */
  readonly starts: Int32Array;
  readonly values: Uint8Array;
}

let shared: GraphemeClasses | undefined;

/** The table, unpacked once per process (under a millisecond). */
export function graphemeClasses(): GraphemeClasses {
  shared ??= unpack();
  return shared;
}

/** Class of any code point. */
export function classOf(classes: GraphemeClasses, codePoint: number): number {
  if (codePoint < 0x10000) return classes.basic[codePoint]!;
  const { starts, values } = classes;
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= codePoint) low = middle;
    else high = middle;
  }
  return values[low]!;
}

function unpack(): GraphemeClasses {
  const basic = new Uint8Array(0x10000);
  const starts: number[] = [];
  const values: number[] = [];
  let codePoint = 0;
  for (const [, length, letter] of GRAPHEME_RUNS.matchAll(/([0-9a-z]+)([A-Z])/g)) {
    const end = codePoint + Number.parseInt(length!, 36);
    const value = letter!.charCodeAt(0) - CAPITAL_A;
    basic.fill(value, Math.min(codePoint, 0x10000), Math.min(end, 0x10000));
    if (end > 0x10000) {
      starts.push(Math.max(codePoint, 0x10000));
      values.push(value);
    }
    codePoint = end;
  }
  for (let syllable = FIRST_SYLLABLE; syllable <= LAST_SYLLABLE; syllable++) {
    basic[syllable] = (syllable - FIRST_SYLLABLE) % SYLLABLES_PER_LV === 0 ? GraphemeClass.HangulLV : GraphemeClass.HangulLVT;
  }
  return { basic, starts: Int32Array.from(starts), values: Uint8Array.from(values) };
}
