/** What training sees of a text: its ids, and what the frozen encoder makes of them. */
import type { Floats } from "./matrix.ts";

export interface TextTokens {
  /** Every token, prompt and special tokens included. */
  readonly ids: Int32Array;
  /** Tokens at the beginning that no head sees: `<s>` and those of the prompt. */
  readonly skipped: number;
}

/** Where hidden states come from: a cache on disk, memory, or an encoder. Texts are known by number. */
export interface StatesSource {
  readonly hiddenSize: number;
  tokens(text: number): TextTokens;
  /** Last hidden state of every token of a text: [tokens, hiddenSize]. @throws what reading throws */
  read(text: number): Promise<Floats>;
  /** First hidden state of every token, the embeddings after their LayerNorm: [tokens, hiddenSize]. Asked for where a head reads it. @throws what reading throws */
  first(text: number): Promise<Floats>;
  /** The dense vector of a text, a unit vector: [hiddenSize]. @throws what reading throws */
  dense(text: number): Promise<Floats>;
}
