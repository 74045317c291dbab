/** Which ColBERT vector each line of a page begins with, from the places of its tokens in the text. */

export interface LineText {
  /** What the model was given: prompt, title and body. */
  readonly text: string;
  /** Where the page's own text begins in it, in UTF-16 units. */
  readonly start: number;
  /** UTF-16 range of every token that the model read: two numbers a token. */
  readonly offsets: Int32Array;
  /** Tokens before the first with a vector: <s> and those of the prompt. */
  readonly skipped: number;
  /** Vectors of the page: one for each token after these, </s> included. */
  readonly vectors: number;
}

/** A line that the model did not read begins where the vectors end. */
export function lineVectors({ text, start, offsets, skipped, vectors }: LineText): number[] {
  const lines = text.slice(start).split("\n");
  let lineStart = start;
  let vector = 0;
  return lines.map((line, index) => {
    // The last vector is that of </s>, which lies nowhere: it goes with whatever line is last.
    while (vector < vectors - 1 && offsets[2 * (skipped + vector) + 1]! <= lineStart) vector++;
    lineStart += line.length + 1;
    const wasRead = index === 0 || vector < vectors - 1;
    return wasRead ? vector : vectors;
  });
}
