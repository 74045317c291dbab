/**
 * The session port: rows in, head outputs out. An engine (ONNX Runtime, our own WASM encoder) implements it; the encoder room uses it and knows none of them.
 *
 * Texts are given one after another without padding ("ragged"); padding, masks and graph shapes are the engine's own affair.
 */

/** Which outputs to compute. */
export interface OutputSelection {
  readonly dense: boolean;
  readonly lexical: boolean;
  readonly colbert: boolean;
  /** What the heads see, to train others on. A published ONNX file may not give it. Default false. */
  readonly hidden?: boolean | undefined;
}

/** Some texts of similar length, as embedding rows. */
export interface TokenBatch {
  /** Sum of word, position and type rows, before the embedding LayerNorm: [totalTokens, hiddenSize], text after text. Ids [totalTokens, 1] for a model of kind `onnx`. */
  readonly rows: Float32Array;
  /** Tokens of each text; they add up to totalTokens. */
  readonly lengths: readonly number[];
  readonly outputs: OutputSelection;
}

/** Raw outputs, ragged like the batch. The heads room normalises and filters them. */
export interface TokenBatchResult {
  /** Pooled hidden state of each text (CLS or mean, as the manifest says), not normalised: [texts, hiddenSize]. */
  readonly pooled: Float32Array | null;
  /** relu(sparse head) of every token: [totalTokens]. */
  readonly lexical: Float32Array | null;
  /** ColBERT head of every token, not normalised: [totalTokens, colbertDim]. */
  readonly colbert: Float32Array | null;
  /** Last hidden state of every token: [totalTokens, hiddenSize]. Left out or null when it was not asked for. */
  readonly hidden?: Float32Array | null | undefined;
  /** Tokens computed, padding included. */
  readonly computedTokens: number;
}

/** What a batch takes while it runs, and how much that may be. A text of S tokens has S² pairs of query and key, or S times `queriesAtATime` of them when it is longer than `longText`. */
export interface BatchMemory {
  readonly budgetBytes: number;
  readonly bytesPerToken: number;
  /** What attention holds for each pair: scores, or a mask. */
  readonly bytesPerPair: number;
  /** Texts of more tokens are attended some queries at a time. */
  readonly longText: number;
  readonly queriesAtATime: number;
}

/** How batches should look for this engine on this device. */
export interface BatchPreference {
  /** Most tokens of one batch (a longer text goes alone). */
  readonly tokenBudget: number;
  /** Most texts of one batch. */
  readonly maxTexts: number;
  /** Most padding that a group of unequal lengths may cost: padded / real tokens - 1. 0 = equal lengths only. */
  readonly maxPadding: number;
  /** Makes batches smaller than the tokens alone would. Left out: memory is no concern. */
  readonly memory?: BatchMemory | undefined;
}

/** What runs the model, for people and for tests. */
export interface SessionInfo {
  readonly backend: "webgpu" | "wasm" | "native";
  /** Which build or library, such as "onnxruntime-web jspi 1.30.0". */
  readonly engine: string;
  /** Arithmetic of the matrix products, such as "fp32", "4-bit weights, float32 activations", "int8 weights and activations (per row)". */
  readonly precision: string;
  readonly threads: number;
  readonly batch: BatchPreference;
}

/** What a run hears and tells. */
export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told from time to time which share of the batch's work is done, in (0, 1]: a text of 8,192 tokens takes minutes. Engines that cannot know do not tell. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** A loaded model on one backend. `run` calls may overlap: the engine queues them. */
export interface EncoderSession {
  readonly info: SessionInfo;
  /** @throws BackendError when the engine fails; the signal's reason when aborted before it starts, or in between where the engine pauses. */
  run(batch: TokenBatch, options?: RunOptions): Promise<TokenBatchResult>;
  dispose(): Promise<void>;
}
