/** The three representations of a text, in FlagEmbedding's terms (BGEM3FlagModel, camelCase), and the options that ask for them. */

/** Weight of each vocabulary id that occurs in a text: {"id": weight}, weights > 0, keys are decimal ids as in FlagEmbedding. */
export type LexicalWeights = Record<string, number>;

/** One L2-normalised vector per kept token: row r is `data.subarray(r * dim, (r + 1) * dim)`. */
export interface TokenVectors {
  readonly data: Float32Array;
  readonly tokens: number;
  readonly dim: number;
}

/** Whether a text is looked for or looked in: chooses the prompt that the model was trained with (none for BGE-M3). */
export type TextKind = "query" | "passage";

/** Which heads to compute, and how long a text may be. */
export interface EncodeOptions {
  /** Most tokens read of one text, prompt and special tokens included. Default 512, as in FlagEmbedding; at most the model's own limit. */
  readonly maxLength?: number | undefined;
  /** Return one L2-normalised vector per text. Default true. */
  readonly returnDense?: boolean | undefined;
  /** Return the lexical weights. Default false. */
  readonly returnSparse?: boolean | undefined;
  /** Return one vector per token. Default false. */
  readonly returnColbertVecs?: boolean | undefined;
  /**
   * MCLS of the M3-Embedding paper, for long texts: another `<s>` before every so many tokens (the paper: 256), and the dense vector is the mean of the states of all `<s>`. For models
   * whose dense vector is the state of `<s>`, as BGE-M3's. The added tokens count towards `maxLength`; they have no lexical weights and no ColBERT vectors. Default: one `<s>`.
   */
  readonly clsEvery?: number | undefined;
  /** Keep only the first dimensions of dense and ColBERT vectors, before normalisation. Default: all. */
  readonly truncateDim?: number | undefined;
}

/** What `encode` gives for a list of texts, in their order. A head that was not asked for is null. */
export interface Embeddings {
  /** Per text a unit vector of the model's width. */
  readonly denseVecs: Float32Array[] | null;
  readonly lexicalWeights: LexicalWeights[] | null;
  readonly colbertVecs: TokenVectors[] | null;
  /** Per text: was it cut because it has more tokens than `maxLength`? */
  readonly truncated: boolean[];
  /** Per text: tokens that the model read, prompt and special tokens included. */
  readonly tokenCounts: number[];
}

/** What `encode` gives for a single string: the same, unwrapped. */
export interface Embedding {
  readonly denseVecs: Float32Array | null;
  readonly lexicalWeights: LexicalWeights | null;
  readonly colbertVecs: TokenVectors | null;
  readonly truncated: boolean;
  readonly tokenCounts: number;
}

/** The tokens of a text that have ColBERT vectors, in the order of these: its own and the closing `</s>`, but neither `<s>` nor a prompt. */
export interface TextTokens {
  readonly ids: Int32Array;
  /** Two numbers a token: its UTF-16 range [start, end) in the text, without the prompt; an empty one for `</s>`. */
  readonly offsets: Int32Array;
  readonly truncated: boolean;
  /** Tokens that the model would have to read if nothing were cut, prompt and special tokens included. */
  readonly untruncatedLength: number;
}
