/**
 * What crosses between the main thread and the worker. Types only: both ends import it, neither brings the other's code along.
 *
 * Calls go over Comlink. An AbortSignal cannot be cloned, so a call has a number and `cancel(number)` ends it; a callback inside an options object
 * cannot cross either, so progress comes back through the one listener that `connect` was given, with the number of its call.
 */
import type { DeviceChoice, DeviceStory, PrecisionChoice } from "#core/device.ts";
import type { EncodeOptions, TextKind, TextTokens } from "#core/embedding.ts";
import type { ModelInfo } from "#core/model-info.ts";
import type { ProgressEvent } from "#core/progress.ts";
import type { PublishedModel } from "#core/published-models.ts";
import type { ScoreOptions, Scores } from "#core/score.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";
import type { AdaptReport, AdaptSettings, AdaptSource, HeadsRequest } from "./adapt-protocol.ts";
import type { IndexAnswer, IndexOperation, IndexRequest } from "./index-protocol.ts";
import type { PublishedAnswer, PublishedInfo, PublishedOperation, PublishedResult, PublishedSearchOptions, WordsRequest } from "./site-protocol.ts";

export type * from "./adapt-protocol.ts";
export type * from "./index-protocol.ts";
export type * from "./site-protocol.ts";

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

/** Told when another backend than before runs the model, since the last one was lost. */
export type DeviceListener = (story: DeviceStory) => void;

/** Where downloaded files are kept: in the browser's storage where that works, or nowhere. */
export type StorageChoice = "auto" | "memory";

/** Which pages of the embedding table are read before a token asks for them: those of frequent tokens when the worker is idle, all at load, or none. */
export type PrefetchChoice = "hot" | "all" | "none";

/** A folder on the user's disk: a handle; or its files, with the path of each below it, which crosses no boundary by itself. */
export type ModelFolder = { readonly handle: FileSystemDirectoryHandle } | { readonly files: readonly File[]; readonly paths: readonly string[] };

/** A published ONNX repository, as it is. */
export interface PublishedSource {
  readonly published: PublishedModel;
}

export interface LoadRequest {
  readonly model: string | ModelFolder | PublishedSource;
  /** Absolute URL that the model's name or path is resolved against. */
  readonly baseUrl: string;
  /** The fingerprint that the model must have. Undefined: any. */
  readonly revision?: string | undefined;
  readonly device: DeviceChoice;
  /** Undefined: as many as help. */
  readonly threads: number | undefined;
  /** Undefined: "default". */
  readonly precision?: PrecisionChoice | undefined;
  readonly storage: StorageChoice;
  /** Undefined: "hot". */
  readonly prefetch?: PrefetchChoice | undefined;
  /** Most texts of a batch, for a worker that takes the place of one that had no memory left. Undefined: as the engine prefers. */
  readonly maxBatchTexts?: number | undefined;
  /** Undefined: "shipped". */
  readonly heads?: HeadsRequest | undefined;
}

export interface Loaded {
  readonly info: ModelInfo;
  readonly device: DeviceStory;
  /** The heads that were trained on this device, where the model runs with such: a worker that takes this one's place gets them. */
  readonly heads: Uint8Array<ArrayBuffer> | null;
}

/** What training gave. */
export interface Adapted {
  readonly report: Omit<AdaptReport, "adopted" | "stored">;
  /** To be given to `changeHeads`; null when they are not to be adopted. */
  readonly heads: Uint8Array<ArrayBuffer> | null;
}

/** What became of a change of heads. */
export interface ChangedHeads {
  /** What runs now. */
  readonly loaded: Loaded;
  /** Whether the heads are in the browser's storage. */
  readonly stored: boolean;
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

/** How the main thread learns that a worker is there no more, or hangs: `client/worker-watch.ts`. */
export interface Liveness {
  /** Answers as soon as the worker listens, between two batches. */
  ping(): void;
  /** Takes a Web Lock, and keeps it until the worker ends. Resolves when the worker has it. */
  hold(lock: string): Promise<void>;
}

/** What the worker offers. Every method may reject with any M3Error; a cancelled call rejects with an AbortError that the client does not show. */
export interface WorkerApi extends Liveness {
  /** Where progress and news of the device go. To be called first, with `Comlink.proxy`s. */
  connect(report: Report, onDevice?: DeviceListener): void;
  load(call: Call, request: LoadRequest): Promise<Loaded>;
  encode(call: Call, texts: readonly string[], kind: TextKind, options: EncodeOptions): Promise<PackedEmbeddings>;
  computeScore(call: Call, pairs: readonly (readonly [string, string])[], options: ScoreOptions): Promise<Scores>;
  /** The text of each id, as the tokenizer decodes it alone. */
  idsToTokens(call: Call, ids: Int32Array): Promise<string[]>;
  /** Tokens of each text, with prompt and special tokens, uncut. */
  countTokens(call: Call, texts: readonly string[], kind: TextKind): Promise<number[]>;
  /** The tokens of a text that have ColBERT vectors. @param maxLength undefined: nothing is cut */
  tokens(call: Call, text: string, kind: TextKind, maxLength: number | undefined): Promise<TextTokens>;
  /** Does something with an index of texts: what the answer is depends on what. */
  index(call: Call, request: IndexRequest, operation: IndexOperation): Promise<IndexAnswer>;
  /** Names of stored indexes. */
  listIndexes(call: Call): Promise<string[]>;
  removeIndex(call: Call, name: string): Promise<void>;
  /** Does something with a published index. @param url of its folder: absolute, ending in a slash */
  site(call: Call, url: string, operation: PublishedOperation): Promise<PublishedAnswer>;
  /** Trains heads. That the model runs with them is another call, which is not cancelled: an abort either comes before it, or too late. */
  adapt(call: Call, source: AdaptSource, settings: AdaptSettings): Promise<Adapted>;
  /** Runs the model with heads that `adapt` gave, and keeps them; null: with its own, and forgets others. */
  changeHeads(call: Call, heads: Uint8Array<ArrayBuffer> | null): Promise<ChangedHeads>;
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

/** What the worker offers for a search by words, without a model of its own. */
export interface WordsApi {
  openWords(request: WordsRequest): Promise<PublishedInfo>;
  searchWords(request: WordsRequest, query: string, options: PublishedSearchOptions): Promise<PublishedResult>;
}
