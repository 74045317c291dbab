/** Scores of (query, passage) pairs, in FlagEmbedding's terms (`compute_score`). */

/** How pairs are scored. */
export interface ScoreOptions {
  /** Weights of [dense, sparse, colbert] in the combined scores; each combination is divided by the sum of its weights. Default [1, 1, 1]. */
  readonly weightsForDifferentModes?: readonly [number, number, number] | undefined;
  /** Most tokens read of a query, prompt and special tokens included. Default 512; at most the model's own limit. */
  readonly maxQueryLength?: number | undefined;
  /** Most tokens read of a passage. Default 512; at most the model's own limit. */
  readonly maxPassageLength?: number | undefined;
}

/** The scores of one pair. */
export interface Score {
  readonly colbert: number;
  readonly sparse: number;
  readonly dense: number;
  readonly "sparse+dense": number;
  readonly "colbert+sparse+dense": number;
}

/** The scores of a list of pairs, in their order. */
export type Scores = { readonly [Mode in keyof Score]: number[] };
