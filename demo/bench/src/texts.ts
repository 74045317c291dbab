/** Texts of a wanted number of tokens, each another one: the package computes equal texts once. */
import type { M3 } from "bge-m3-web";

/** Each is one token of XLM-RoBERTa's vocabulary, and of most others. */
const WORDS =
  "the time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work night".split(
    " ",
  );

/** Words that begin at another one for each text, and go on in other steps. */
function wordsOf(text: number, count: number): string {
  const step = 1 + 2 * (Math.floor(text / WORDS.length) % (WORDS.length / 2));
  return Array.from({ length: count }, (_, index) => WORDS[(text + index * step) % WORDS.length]).join(" ");
}

/** @returns texts of `tokens` tokens, or fewer where no number of words gives as many (a length below that of the model's own tokens) */
export async function makeTexts(m3: M3, tokens: number, count: number, signal: AbortSignal): Promise<string[]> {
  const around = await m3.countTokens("", { signal });
  const words = Math.max(1, tokens - around);
  const texts = Array.from({ length: count }, (_, text) => wordsOf(text, words));
  const counts = await m3.countTokens(texts, { signal });
  // Words of several tokens in another vocabulary: as many fewer.
  return texts.map((text, index) => (counts[index]! <= tokens ? text : wordsOf(index, Math.max(1, Math.floor((words * words) / (counts[index]! - around))))));
}
