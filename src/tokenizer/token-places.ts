/**
 * Where tokens are in a text, when the tokenizer tells their strings only. Text and tokens are compared without case, accents and compatibility forms, which is what
 * tokenizers take away; a token that is not found (bytes of a character, a normalisation of another kind) has an empty range where the last one ended.
 */

/** Marks that tokenizers put on pieces: BERT's continuation, SentencePiece's and byte-level BPE's spaces. */
const MARKS = /^##|^[▁Ġ]+/u;
const WORD = /[^\s\p{P}]/u;
/** Characters of the text that tokens may be missing for, before a token is given up. */
const MAX_SKIPPED = 64;

/** @param isUnknown whether token number t stands for a word that the vocabulary does not have @returns two numbers a token, never going back */
export function findPlaces(text: string, tokens: readonly string[], isUnknown: (token: number) => boolean): Int32Array {
  const { folded, starts, ends } = foldText(text);
  const places = new Int32Array(2 * tokens.length);
  let at = 0;
  let last = 0;
  for (const [token, piece] of tokens.entries()) {
    const [begin, end] = isUnknown(token) ? wordFrom(folded, at) : pieceFrom(folded, at, fold(piece.replace(MARKS, "")));
    if (end > begin) {
      at = end;
      // Not before the last token: one character may have given two.
      places[2 * token] = Math.max(last, starts[begin]!);
      last = ends[end - 1]!;
      places[2 * token + 1] = Math.max(places[2 * token]!, last);
    } else places.fill(last, 2 * token, 2 * token + 2);
  }
  return places;
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The folded text, and for each unit of it the range of the text that it comes from. */
function foldText(text: string): { folded: string; starts: number[]; ends: number[] } {
  let folded = "";
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const character of text) {
    const part = fold(character);
    for (let unit = 0; unit < part.length; unit++) {
      starts.push(at);
      ends.push(at + character.length);
    }
    folded += part;
    at += character.length;
  }
  return { folded, starts, ends };
}

function pieceFrom(folded: string, from: number, piece: string): [begin: number, end: number] {
  if (piece === "") return [from, from];
  const found = folded.slice(from, from + MAX_SKIPPED + piece.length).indexOf(piece);
  return found < 0 ? [from, from] : [from + found, from + found + piece.length];
}

/** The next word; where something else comes first, that one character. */
function wordFrom(folded: string, from: number): [begin: number, end: number] {
  let begin = from;
  while (begin < folded.length && /\s/u.test(folded[begin]!)) begin++;
  let end = begin;
  while (end < folded.length && WORD.test(codePoint(folded, end))) end += codePoint(folded, end).length;
  return [begin, end > begin ? end : Math.min(folded.length, begin + codePoint(folded, begin).length)];
}

function codePoint(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}
