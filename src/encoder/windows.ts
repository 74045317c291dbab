/**
 * Cuts a text that is longer than the model reads into windows of nearly equal length, which overlap so that what stands at a cut is whole in one of them.
 * Arithmetic on token offsets: knows no tokenizer.
 */

export interface WindowOptions {
  /** Most tokens of a window. */
  readonly size: number;
  /** Tokens that a window has in common with the one before. Less than `size`. */
  readonly overlap: number;
}

/** A UTF-16 range [start, end) of the text. */
export interface TextWindow {
  readonly start: number;
  readonly end: number;
}

/** The last part of a window in which its end is looked for. */
const SEARCHED_SHARE = 0.25;
/** Only a last window of fewer tokens than `size` ends where the text does. */
const SENTENCE_END = /[.!?。！？…။։۔؟]["'”’»)\]]*\s*$|\n\s*$/u;
/** Enough before a boundary to see a sentence's end. */
const LOOK_BACK = 8;

/**
 * Windows from the first character to the last, without a gap. They end where a sentence does, else a word, else a token.
 * @param offsets two numbers a token, as the tokenizer gives them, without special tokens
 */
export function planWindows(text: string, offsets: Int32Array, { size, overlap }: WindowOptions): TextWindow[] {
  const tokens = offsets.length / 2;
  const startOf = (token: number) => offsets[2 * token]!;
  const windows: TextWindow[] = [];
  let first = 0;
  let start = 0;
  while (tokens - first > size) {
    // As many windows as are needed for the rest, equally long.
    const rest = tokens - first;
    const count = Math.ceil((rest - overlap) / (size - overlap));
    const length = Math.ceil((rest + (count - 1) * overlap) / count);
    const next = boundary(text, startOf, Math.max(first + 1, Math.ceil(first + length * (1 - SEARCHED_SHARE))), first + length);
    windows.push({ start, end: startOf(next) });
    const back = Math.max(first + 1, next - overlap);
    first = overlap === 0 ? next : wordStart(text, startOf, back, next);
    start = Math.min(startOf(first), windows.at(-1)!.end);
  }
  windows.push({ start, end: text.length });
  return windows;
}

/** The token, of those from `from` to `to`, before which the text is best cut: the last after a sentence, else the last after a space, else `to`. */
function boundary(text: string, startOf: (token: number) => number, from: number, to: number): number {
  let word: number | undefined;
  for (let token = to; token >= from; token--) {
    const before = text.slice(Math.max(0, startOf(token) - LOOK_BACK), startOf(token));
    if (SENTENCE_END.test(before)) return token;
    if (word === undefined && /\s$/u.test(before)) word = token;
  }
  return word ?? to;
}

/** The first token from `from` on, but before `limit`, that begins a word; `from` when none does. */
function wordStart(text: string, startOf: (token: number) => number, from: number, limit: number): number {
  for (let token = from; token < limit; token++) if (/\s$/u.test(text.slice(Math.max(0, startOf(token) - 1), startOf(token)))) return token;
  return from;
}
