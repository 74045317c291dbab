/**
 * The package's public names for the main thread.
 *
 * `bge-m3-web/scoring` has the scores of representations without a model, for workers and Node; `bge-m3-web/worker` is the worker's script, to be started,
 * not imported. Everything else is private: rooms, ports and the protocol change without notice.
 */
export type { AdaptOptions } from "#client/adapt-inputs.ts";
export type { OpenIndexOptions } from "#client/index-inputs.ts";
export { M3, type TokensOptions } from "#client/m3.ts";
export { M3Index } from "#client/m3-index.ts";
export type { ModelSource } from "#client/model-source.ts";
export { models } from "#client/models.ts";
export type { CallOptions, LoadOptions, ModelsOptions } from "#client/options.ts";
export type { DeviceAttempt, DeviceChoice, DeviceStory, PrecisionChoice } from "#core/device.ts";
export type { Embedding, Embeddings, EncodeOptions, LexicalWeights, TextKind, TextTokens, TokenVectors } from "#core/embedding.ts";
export {
  BackendError,
  BusyError,
  CorruptIndexError,
  CorruptShardError,
  DisposedError,
  DuplicateDocumentError,
  type ErrorFields,
  IndexConflictError,
  IndexMismatchError,
  InvalidInputError,
  InvalidManifestError,
  M3Error,
  MissingHeadError,
  MissingPeerError,
  MissingShardError,
  NewerIndexError,
  NonFiniteOutputError,
  OutOfMemoryError,
  StorageError,
  StorageFullError,
  UnknownModelError,
  UnsupportedModelError,
  WorkerLostError,
} from "#core/errors.ts";
export type { ModelInfo } from "#core/model-info.ts";
export type { ProgressEvent, ProgressListener, ProgressNotice, ProgressPhase, TrainingPoint } from "#core/progress.ts";
export type { PublishedFile, PublishedModel } from "#core/published-models.ts";
export type { Score, ScoreOptions, Scores } from "#core/score.ts";
export type { ModelCheck, StoredModel } from "#core/stored-model.ts";
export type { Fields, FieldTypes, FieldValue } from "#search/fields/field-types.ts";
export type { Condition, Filter } from "#search/fields/filter.ts";
export type { ScoreParts, WeightChoice, Weights } from "#search/fusion.ts";
export type {
  CharacterRange,
  DocumentRange,
  IndexInfo,
  IndexSearchOptions,
  IndexShape,
  MatchingToken,
  SearchExplanation,
  SearchHit,
  SearchResult,
  StoredDocument,
  TextDocument,
  TokenMeeting,
} from "#texts/types.ts";
export type { HeadScores, RankingScores } from "#training/evaluate-heads.ts";
export type { DevRecord, StepRecord } from "#training/trainer.ts";
export type { AdaptPair, AdaptReport, AdaptSettings } from "#worker/adapt-protocol.ts";
export type { IndexStorage } from "#worker/index-protocol.ts";
export type { PrefetchChoice, StorageChoice } from "#worker/protocol.ts";
