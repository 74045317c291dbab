/** What a tokenizer does, whichever it is: XLM-RoBERTa's, which this room has itself, or another model's, which comes through `@huggingface/transformers`. */

export interface TokenizeOptions {
  /** Most tokens kept, special tokens included; the rest is cut off the end, before the closing special token. Default: all. */
  readonly maxLength?: number | undefined;
  /** Put `<s>` (BERT: `[CLS]`) before and `</s>` (`[SEP]`) after. Default true. */
  readonly addSpecialTokens?: boolean | undefined;
}

export interface TokenizedText {
  readonly ids: Int32Array;
  /** Two numbers a token: the UTF-16 range [start, end) of the given text that it comes from; [0, 0] for special tokens. */
  readonly offsets: Int32Array;
  /** Whether `maxLength` cut tokens off. */
  readonly truncated: boolean;
  /** Tokens of the whole text, special tokens included where they were asked for. */
  readonly untruncatedLength: number;
}

export interface Tokenizer {
  /** Ids that the model can be given: 0 to vocabSize - 1. */
  readonly vocabSize: number;
  /** Ids of the special tokens (`<s>` or `[CLS]`, `</s>` or `[SEP]`, …); undefined for one that the vocabulary lacks. */
  readonly bosId: number | undefined;
  readonly padId: number | undefined;
  readonly eosId: number | undefined;
  readonly unkId: number | undefined;
  readonly maskId: number | undefined;
  /** @throws InvalidInputError for a text that is no string, or a maxLength that is not an integer with room for the special tokens */
  encode(text: string, options?: TokenizeOptions): TokenizedText;
  /** The text of some tokens, as far as it can be told. Default of `skipSpecialTokens`: true. */
  decode(ids: number | Iterable<number>, options?: { readonly skipSpecialTokens?: boolean }): string;
}
