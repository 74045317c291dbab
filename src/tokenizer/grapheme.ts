/**
 * Extended grapheme clusters (UAX #29, Unicode 17): where the cluster ends that begins here. The rules look back only inside the cluster, so a caller that
 * goes from cluster to cluster needs no other state.
 */
import { codePointAt } from "./code-points.ts";
import { classOf, GraphemeClass, type GraphemeClasses } from "./grapheme-class.ts";

const {
  CarriageReturn,
  LineFeed,
  Control,
  Prepend,
  SpacingMark,
  RegionalIndicator,
  HangulL,
  HangulV,
  HangulT,
  HangulLV,
  HangulLVT,
  Extend,
  IndicExtend,
  IndicLinker,
  ZeroWidthJoiner,
  IndicConsonant,
  Pictographic,
} = GraphemeClass;

/** Of what an Indic conjunct (GB9c) has been seen right before this place. */
const Conjunct = { none: 0, consonant: 1, linked: 2 } as const;

/** First unit after the cluster that begins at `start` < `limit`; nothing from `limit` on is seen. */
export function clusterEnd(classes: GraphemeClasses, text: string, start: number, limit: number): number {
  let codePoint = codePointAt(text, start, limit);
  let before = classOf(classes, codePoint);
  let at = start + (codePoint > 0xffff ? 2 : 1);
  let conjunct: number = before === IndicConsonant ? Conjunct.consonant : Conjunct.none;
  let isPicture = before === Pictographic;
  let flagHalves = before === RegionalIndicator ? 1 : 0;
  while (at < limit) {
    codePoint = codePointAt(text, at, limit);
    const after = classOf(classes, codePoint);
    if (!joins(before, after, conjunct === Conjunct.linked, isPicture, flagHalves)) break;
    if (after === IndicConsonant) conjunct = Conjunct.consonant;
    else if (after === IndicLinker) conjunct = conjunct === Conjunct.none ? Conjunct.none : Conjunct.linked;
    else if (after !== IndicExtend && after !== ZeroWidthJoiner) conjunct = Conjunct.none;
    if (after === Pictographic) isPicture = true;
    // A second joiner after a joiner ends the sequence: only Extend may stand between picture and joiner (GB11).
    else if (before === ZeroWidthJoiner || !(after === ZeroWidthJoiner || isExtend(after))) isPicture = false;
    flagHalves = after === RegionalIndicator ? flagHalves + 1 : 0;
    before = after;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
}

/** Whether a character of this class can join the one before it, in some company. */
export function mayJoinPrevious(graphemeClass: number): boolean {
  return (
    isExtend(graphemeClass) || graphemeClass === ZeroWidthJoiner || graphemeClass === SpacingMark || graphemeClass === HangulV || graphemeClass === HangulT
  );
}

/** Whether a character of this class that begins a cluster can be joined by a next one that is not {@link mayJoinPrevious}. */
export function mayJoinNext(graphemeClass: number): boolean {
  return graphemeClass === CarriageReturn || graphemeClass === Prepend || graphemeClass === RegionalIndicator || graphemeClass === HangulL;
}

function joins(before: number, after: number, isLinked: boolean, isPicture: boolean, flagHalves: number): boolean {
  if (before === CarriageReturn) return after === LineFeed;
  if (before === Control || before === LineFeed || after === Control || after === CarriageReturn || after === LineFeed) return false;
  if (before === HangulL && (after === HangulL || after === HangulV || after === HangulLV || after === HangulLVT)) return true;
  if ((before === HangulLV || before === HangulV) && (after === HangulV || after === HangulT)) return true;
  if ((before === HangulLVT || before === HangulT) && after === HangulT) return true;
  if (isExtend(after) || after === ZeroWidthJoiner || after === SpacingMark || before === Prepend) return true;
  if (after === IndicConsonant) return isLinked;
  if (before === ZeroWidthJoiner && after === Pictographic) return isPicture;
  if (before === RegionalIndicator && after === RegionalIndicator) return flagHalves % 2 === 1;
  return false;
}

function isExtend(graphemeClass: number): boolean {
  return graphemeClass === Extend || graphemeClass === IndicExtend || graphemeClass === IndicLinker;
}
