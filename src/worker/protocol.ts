/**
 * What crosses between the main thread and the worker. Types only: both ends import it, neither brings the other's code along.
 *
 * Calls go over Comlink. An AbortSignal cannot be cloned, so a call has a number and `cancel(number)` ends it; a callback inside an options object
 * cannot cross either, so progress comes back through the one listener that `connect` was given, with the number of its call.
 */
import type { DeviceChoice, DeviceStory } from "#core/device.ts";
import type { EncodeOptions, TextKind } from "#core/embedding.ts";
import type { ModelInfo } from "#core/model-info.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { ScoreOptions, Scores } from "#core/score.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";

/** Number of a call, unique on one main thread. */
export type CallId = number;

/** Who waits: somebody who typed a question, or a list that takes its time. Batches of the former go first. */
export type Urgency = "query" | "corpus";

export interface Call {
  readonly id: CallId;
  readonly urgency: Urgency;
  /** Whether anybody listens to this call's progress. */
  readonly progress: boolean;
}

/** How progress gets to the main thread. From the worker, where it is a proxy, it resolves when the event has been heard. */
export type Report = (call: CallId, event: ProgressEvent) => void | Promise<void>;

/** Where downloaded files are kept: in the browser's storage where that works, or nowhere. */
export type StorageChoice = "auto" | "memory";

/** Which pages of the embedding table are read before a token asks for them: those of frequent tokens when the worker is idle, all at load, or none. */
export type PrefetchChoice = "hot" | "all" | "none";

export interface LoadRequest {
  readonly model: string;
  /** Absolute URL that the model's name or path is resolved against. */
  readonly baseUrl: string;
  readonly device: DeviceChoice;
  /** Undefined: as many as help. */
  readonly threads: number | undefined;
  readonly storage: StorageChoice;
  /** Undefined: "hot". */
  readonly prefetch?: PrefetchChoice | undefined;
}

export interface Loaded {
  readonly info: ModelInfo;
  readonly device: DeviceStory;
}

/** Rows of numbers end to end: row r of text t is at (starts[t] + r) * dim. */
export interface PackedRows {
  readonly data: Float32Array;
  readonly dim: number;
}

/** Embeddings of a list of texts in a handful of buffers, which are transferred. */
export interface PackedEmbeddings {
  /** One row per text. */
  readonly dense: PackedRows | null;
  /** Entries [starts[t], starts[t + 1]) belong to text t. */
  readonly lexical: { readonly ids: Int32Array; readonly weights: Float32Array; readonly starts: Int32Array } | null;
  /** Rows [starts[t], starts[t + 1]) belong to text t. */
  readonly colbert: (PackedRows & { readonly starts: Int32Array }) | null;
  /** 1 for a text that was cut. */
  readonly truncated: Uint8Array;
  readonly tokenCounts: Int32Array;
}

/** What the worker offers. Every method may reject with any M3Error; a cancelled call rejects with an AbortError that the client does not show. */
export interface WorkerApi {
  /** Where progress goes. To be called first, with a `Comlink.proxy`. */
  connect(report: Report): void;
  load(call: Call, request: LoadRequest): Promise<Loaded>;
  encode(call: Call, texts: readonly string[], kind: TextKind, options: EncodeOptions): Promise<PackedEmbeddings>;
  computeScore(call: Call, pairs: readonly (readonly [string, string])[], options: ScoreOptions): Promise<Scores>;
  /** The text of each id, as the tokenizer decodes it alone. */
  idsToTokens(call: Call, ids: Int32Array): Promise<string[]>;
  /** Tokens of each text, with prompt and special tokens, uncut. */
  countTokens(call: Call, texts: readonly string[], kind: TextKind): Promise<number[]>;
  /** Ends a call at its next batch. Does nothing when it has ended. */
  cancel(id: CallId): void;
}

/** What the worker offers about stored models, without a model of its own. A model's name or path is resolved against `baseUrl`. */
export interface ModelsApi {
  listModels(): Promise<StoredModel[]>;
  modelSize(model: string, baseUrl: string): Promise<number>;
  verifyModel(model: string, baseUrl: string): Promise<ModelCheck>;
  removeModel(model: string, baseUrl: string): Promise<void>;
}
