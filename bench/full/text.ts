/** Words that are a token each, all among the first 8,192 of the vocabulary: the peer's table has no others. */
const WORDS = "the of and to in is for on with as at by from this that it be are was not we you all can have an or your more will one about".split(" ");

/** A text of so many tokens, `<s>` and `</s>` included. @param first another one begins another text */
export function textOf(tokens: number, first = 0): string {
  return Array.from({ length: tokens - 2 }, (_, index) => WORDS[(first + index * 7) % WORDS.length]).join(" ");
}
