/** The command `tokenize`, without its command line: lines of {"text"} in, lines of {"ids", "offsets"} out. */
import type { ProgressListener } from "#core/progress.ts";
import type { Tokenizer } from "#tokenizer/tokenizer.ts";
import type { TextLine } from "../json-lines.ts";
import type { LineWriter } from "../line-writer.ts";

export interface TokenizeOptions {
  readonly tokenizer: Tokenizer;
  /** Most tokens of a text, special tokens included. Default: all. */
  readonly maxLength?: number | undefined;
  /** Size of the input where it is known, for the progress. */
  readonly inputBytes?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TokenizeSummary {
  readonly texts: number;
  /** Special tokens included. */
  readonly tokens: number;
  readonly truncated: number;
}

/**
 * `ids` include the special tokens `<s>` and `</s>`; `offsets` has a pair [start, end] for each id, in UTF-16 units of the text, [0, 0] for special tokens.
 *
 * @throws InvalidInputError for a bad line; the signal's reason
 */
export async function tokenize(lines: AsyncIterable<TextLine>, output: LineWriter, options: TokenizeOptions): Promise<TokenizeSummary> {
  const { tokenizer, maxLength, inputBytes, onProgress, signal } = options;
  const summary = { texts: 0, tokens: 0, truncated: 0 };
  for await (const { text, endByte } of lines) {
    signal?.throwIfAborted();
    const { ids, offsets, truncated } = tokenizer.encode(text, { maxLength });
    const pairs = Array.from(ids, (_, token) => [offsets[2 * token]!, offsets[2 * token + 1]!]);
    await output.write(JSON.stringify({ ids: Array.from(ids), offsets: pairs }));
    summary.texts++;
    summary.tokens += ids.length;
    if (truncated) summary.truncated++;
    onProgress?.({
      phase: "encode",
      loaded: inputBytes === undefined ? summary.texts : endByte,
      total: inputBytes ?? 0,
      unit: inputBytes === undefined ? "texts" : "bytes",
    });
  }
  return summary;
}
