/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The package's front door: a model that runs in a Web Worker, with FlagEmbedding's method names (BGEM3FlagModel, in camelCase).
 *
 * No number is computed here but the scores of representations that the caller already has; the rest is checks at the door, the way to the worker, and
 * unwrapping.
 */
import type { DeviceStory } from "#core/device.ts";
import type { Embedding, Embeddings, EncodeOptions, LexicalWeights, TextKind, TextTokens, TokenVectors } from "#core/embedding.ts";
import { InvalidInputError } from "#core/errors.ts";
import type { ModelInfo } from "#core/model-info.ts";
import type { Score, ScoreOptions, Scores } from "#core/score.ts";
import { computeLexicalMatchingScore } from "#scoring/lexical.ts";
import { colbertScore } from "#scoring/multi-vector.ts";
import type { AdaptPair, AdaptReport, AdaptSource, Call } from "#worker/protocol.ts";
import { type AdaptOptions, checkAdaptOptions } from "./adapt-inputs.ts";
import { checkIndexName, type OpenIndexOptions } from "./index-inputs.ts";
import { checkLexicalWeights, isPair, type Pair, type Texts, toPairs, toTexts } from "./inputs.ts";
import { M3Index } from "./m3-index.ts";
import { type ModelSource, toModel } from "./model-source.ts";
import { type CallOptions, checkCallOptions, checkEncodeOptions, checkLoadOptions, checkScoreOptions, type LoadOptions, pageUrl } from "./options.ts";
import { spawnWorker } from "./spawn.ts";
import { unpackEmbeddings, unwrapEmbedding } from "./unpack.ts";
import { WorkerLink } from "./worker-link.ts";

const ABORT_GRACE_MS = 20_000;

/** How `M3.tokens` reads a text: as what (default "passage"), and how much of it. */
export type TokensOptions = Pick<EncodeOptions, "maxLength"> & { readonly kind?: TextKind | undefined };

/**
 * A loaded model. Calls may overlap: short ones (`encodeQueries`, `computeScore`) pass long ones between two batches.
 *
 * Every call may throw InvalidInputError, DisposedError, WorkerLostError, BackendError, NonFiniteOutputError, and MissingShardError or
 * CorruptShardError when a part of the vocabulary is needed for the first time; an aborted one rejects with its signal's reason.
 */
export class M3 implements AsyncDisposable {
  readonly #link: WorkerLink;

  private constructor(link: WorkerLink) {
    this.#link = link;
  }

  /** What the model is. `adapt` and `resetHeads` change its heads, and with them its fingerprint. */
  get info(): ModelInfo {
    return this.#link.info;
  }

  /** Which backend runs it, and why that one. Another one than at first when that one was lost and could not be opened again. */
  get device(): DeviceStory {
    return this.#link.device;
  }

  /**
   * Loads a model into a worker of its own.
   *
   * @param source a name ("m3-mini"), or the URL or path of a manifest or of the folder that holds one (ending in "/"); or a folder on the user's disk, of which
   *   nothing is copied: whoever wants it again at the next visit keeps the handle (IndexedDB) and asks for permission
   * @throws UnknownModelError; MissingShardError, CorruptShardError, InvalidManifestError, UnsupportedModelError; BackendError when no backend runs the
   *   model; WorkerLostError when the worker does not start; InvalidInputError for an option; the signal's reason
   */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<M3> {
    const model = toModel(source);
    checkLoadOptions(options);
    const { device = "auto", threads, precision, storage = "auto", prefetch = "hot", heads = "shipped", signal, onProgress } = options;
    const { abortGraceMs = ABORT_GRACE_MS } = options;
    const baseUrl = absolute(options.baseUrl) ?? pageUrl();
    if (baseUrl === undefined) throw new InvalidInputError("options.baseUrl", "given where there is no page", undefined);
    const assetsUrl = absolute(options.assetsUrl);
    // Not waited for: some browsers ask the user first, and the model loads meanwhile.
    if (options.persist) void globalThis.navigator?.storage?.persist?.().catch(() => {});
    const spawn = options.worker ?? (() => spawnWorker(assetsUrl));
    const link = await WorkerLink.open({
      spawn,
      request: { model, baseUrl, revision: options.revision, device, threads, precision, storage, prefetch, heads },
      signal,
      onProgress,
      abortGraceMs,
    });
    return new M3(link);
  }

  /**
   * Encodes texts as passages. A string gives its embedding, a list gives lists in its order; of an empty list all lists are empty.
   * Vectors of one call are views of one buffer: copy one (`slice()`) that is to outlive the rest.
   *
   * @throws MissingHeadError when a head is asked for that the model does not have
   */
  encode(text: string, options?: EncodeOptions & CallOptions): Promise<Embedding>;
  encode(texts: readonly string[], options?: EncodeOptions & CallOptions): Promise<Embeddings>;
  encode(texts: Texts, options?: EncodeOptions & CallOptions): Promise<Embedding | Embeddings>;
  encode(texts: Texts, options: EncodeOptions & CallOptions = {}): Promise<Embedding | Embeddings> {
    return this.#encode(texts, "passage", options);
  }

  /** Encodes texts that are looked for: with the model's prompt for queries, and ahead of any longer list in the queue. */
  encodeQueries(text: string, options?: EncodeOptions & CallOptions): Promise<Embedding>;
  encodeQueries(texts: readonly string[], options?: EncodeOptions & CallOptions): Promise<Embeddings>;
  encodeQueries(texts: Texts, options?: EncodeOptions & CallOptions): Promise<Embedding | Embeddings>;
  encodeQueries(texts: Texts, options: EncodeOptions & CallOptions = {}): Promise<Embedding | Embeddings> {
    return this.#encode(texts, "query", options);
  }

  /** Encodes texts that are looked in: the same as {@link encode}. */
  encodeCorpus(text: string, options?: EncodeOptions & CallOptions): Promise<Embedding>;
  encodeCorpus(texts: readonly string[], options?: EncodeOptions & CallOptions): Promise<Embeddings>;
  encodeCorpus(texts: Texts, options?: EncodeOptions & CallOptions): Promise<Embedding | Embeddings>;
  encodeCorpus(texts: Texts, options: EncodeOptions & CallOptions = {}): Promise<Embedding | Embeddings> {
    return this.#encode(texts, "passage", options);
  }

  /**
   * Scores (query, passage) pairs by each head and by their weighted means. One pair gives numbers, a list gives lists in its order.
   * @throws MissingHeadError when the model lacks a head
   */
  computeScore(pair: Pair, options?: ScoreOptions & CallOptions): Promise<Score>;
  computeScore(pairs: readonly Pair[], options?: ScoreOptions & CallOptions): Promise<Scores>;
  async computeScore(pairs: Pair | readonly Pair[], options: ScoreOptions & CallOptions = {}): Promise<Score | Scores> {
    const list = toPairs(pairs, "pairs");
    checkScoreOptions(options);
    const { signal, onProgress, ...wanted } = options;
    const scores = await this.#link.call("query", (worker, call) => worker.computeScore(call, list, wanted), { signal, onProgress });
    if (!isPair(pairs)) return scores;
    const first = (mode: keyof Score) => scores[mode][0]!;
    return {
      colbert: first("colbert"),
      sparse: first("sparse"),
      dense: first("dense"),
      "sparse+dense": first("sparse+dense"),
      "colbert+sparse+dense": first("colbert+sparse+dense"),
    };
  }

  /** Sum over common ids of the products of their weights: a number for two texts, a matrix [first][second] for two lists. */
  computeLexicalMatchingScore(first: LexicalWeights, second: LexicalWeights): number;
  computeLexicalMatchingScore(first: readonly LexicalWeights[], second: readonly LexicalWeights[]): number[][];
  computeLexicalMatchingScore(first: LexicalWeights | readonly LexicalWeights[], second: LexicalWeights | readonly LexicalWeights[]): number | number[][] {
    return computeLexicalMatchingScore(first as LexicalWeights, second as LexicalWeights);
  }

  /** Mean over the query's vectors of the best match among the passage's. */
  colbertScore(query: TokenVectors, passage: TokenVectors): number {
    return colbertScore(query, passage);
  }

  /** Lexical weights with the text of each token in place of its id. One object gives one, a list gives a list. */
  convertIdToToken(weights: LexicalWeights, options?: CallOptions): Promise<Record<string, number>>;
  convertIdToToken(weights: readonly LexicalWeights[], options?: CallOptions): Promise<Record<string, number>[]>;
  async convertIdToToken(
    weights: LexicalWeights | readonly LexicalWeights[],
    options: CallOptions = {},
  ): Promise<Record<string, number> | Record<string, number>[]> {
    checkCallOptions(options);
    const list: readonly LexicalWeights[] = isList(weights) ? weights : [weights];
    list.forEach((one, index) => {
      checkLexicalWeights(one, isList(weights) ? `weights[${index}]` : "weights");
    });
    const ids = Int32Array.from(list.flatMap((one) => Object.keys(one).map(Number)));
    const tokens = await this.#link.call("query", (worker, call) => worker.idsToTokens(call, ids), options);
    let next = 0;
    const converted = list.map((one) => Object.fromEntries(Object.values(one).map((weight) => [tokens[next++]!, weight])));
    return isList(weights) ? converted : converted[0]!;
  }

  /** Tokens of a text, with prompt and special tokens, before any cut: to split texts that are longer than `info.maxTokens`. A list gives a list. */
  countTokens(text: string, options?: CallOptions & { readonly kind?: TextKind }): Promise<number>;
  countTokens(texts: readonly string[], options?: CallOptions & { readonly kind?: TextKind }): Promise<number[]>;
  async countTokens(texts: Texts, { kind = "passage", ...options }: CallOptions & { readonly kind?: TextKind } = {}): Promise<number | number[]> {
    const list = toTexts(texts, "texts");
    checkCallOptions(options);
    checkKind(kind);
    const counts = await this.#link.call("query", (worker, call) => worker.countTokens(call, list, kind), options);
    return typeof texts === "string" ? counts[0]! : counts;
  }

  /**
   * The tokens of a text in the order of the rows of its `colbertVecs`, and where each is in the text: to show what a vector stands for.
   * @param options.maxLength as in {@link encode}
   */
  async tokens(text: string, { kind = "passage", maxLength = 512, ...options }: TokensOptions & CallOptions = {}): Promise<TextTokens> {
    if (typeof text !== "string") throw new InvalidInputError("text", "a string", text);
    checkEncodeOptions({ ...options, maxLength });
    checkKind(kind);
    return await this.#link.call("query", (worker, call) => worker.tokens(call, text, kind, maxLength), options);
  }

  /**
   * Opens an index of texts, or makes one: documents in, the best for a question out, by all heads that the model has. In the browser's storage it outlives
   * the page; several tabs may have it open, and all may change it.
   *
   * @param name letters, digits, "_" and "-", at most 64
   * @throws IndexMismatchError when the index was made by another model or with other options: open it with those, or `removeIndex` and add the documents again;
   *   StorageError where nothing can be stored; CorruptIndexError; NewerIndexError
   */
  openIndex(name: string, options?: OpenIndexOptions): Promise<M3Index> {
    return M3Index.open(this.#link, name, options);
  }

  /** Names of the indexes in the browser's storage that hold something, whichever model made them. */
  async listIndexes(options: CallOptions = {}): Promise<string[]> {
    checkCallOptions(options);
    return await this.#link.call("query", (worker, call) => worker.listIndexes(call), options);
  }

  /** Removes an index from the browser's storage, if it is there. @throws InvalidInputError when it is open, in this tab or another */
  async removeIndex(name: string, options: CallOptions = {}): Promise<void> {
    checkIndexName(name);
    checkCallOptions(options);
    await this.#link.call("query", (worker, call) => worker.removeIndex(call, name), options);
  }

  /**
   * Trains the lexical and the ColBERT head on documents of your own, in the worker, and runs the model with them from then on. The encoder, and with it the dense
   * vectors, stay as they are. Training begins with the model's own heads, whichever run now.
   *
   * `onProgress` tells of hidden states being computed ("encode"), of the held-out pairs being ranked ("evaluate") and of training ("train", with points of the
   * learning curves). Questions are answered meanwhile. New heads that are no better on the held-out pairs are not adopted, unless `adopt: "always"`. Adopted ones are
   * kept in this browser for `M3.load` with `heads: "adapted"`. An index that was made before is refused until it is encoded again (`index.reencode()`).
   *
   * Aborted, or lost with its tab, it leaves the heads as they were; the same call again goes on where it was. (An abort that comes while the model is opened with the
   * new heads comes too late.)
   *
   * @param texts an index, of whose texts pairs are made (title and text, heading and section, first paragraph and rest), or pairs
   * @throws InvalidInputError for an option, a wrong pair, or too few of them; BusyError while an earlier call changes the heads; UnsupportedModelError for an ONNX
   *   file; and what `encode` throws
   */
  async adapt(texts: M3Index | readonly AdaptPair[], options: AdaptOptions = {}): Promise<AdaptReport> {
    checkAdaptOptions(options);
    const source: AdaptSource = texts instanceof M3Index ? { kind: "index", request: texts.request } : { kind: "pairs", pairs: texts };
    // Fields of pairs are checked where they are read.
    if (source.kind === "pairs" && !Array.isArray(texts)) throw new InvalidInputError("texts", "an index of this model, or an array of pairs", texts);
    const { signal, onProgress, ...settings } = options;
    const { report, heads } = await this.#link.call("corpus", (worker, call) => worker.adapt(call, source, settings), { signal, onProgress });
    signal?.throwIfAborted();
    return { ...report, ...(heads ? { adopted: true, stored: await this.#changeHeads(heads, onProgress) } : { adopted: false, stored: false }) };
  }

  /**
   * Runs the model with its own heads again, and forgets those that were adapted, for this browser. Vectors are bit for bit what they were before `adapt`.
   * @throws BusyError while `adapt` is under way
   */
  async resetHeads(): Promise<void> {
    await this.#changeHeads(null);
  }

  /** Is not aborted: either all is as it was, or all is changed. @returns whether the heads are stored */
  async #changeHeads(heads: Uint8Array<ArrayBuffer> | null, onProgress?: CallOptions["onProgress"]): Promise<boolean> {
    const { loaded, stored } = await this.#link.call("query", (worker, call) => worker.changeHeads(call, heads), { onProgress });
    this.#link.changed(loaded);
    return stored;
  }

  /**
   * Ends the worker at once, which frees all memory that the model took. What is pending rejects with a DisposedError, and so does every later call.
   * May be called twice.
   */
  async dispose(): Promise<void> {
    this.#link.dispose();
  }

  /** For `await using`. (Where the platform does not have it, this is a method without a use.) */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #encode(texts: Texts, kind: TextKind, options: EncodeOptions & CallOptions): Promise<Embedding | Embeddings> {
    const list = toTexts(texts, "texts");
    checkEncodeOptions(options);
    const { signal, onProgress, ...wanted } = options;
    const send = (worker: Parameters<Parameters<WorkerLink["call"]>[1]>[0], call: Call) => worker.encode(call, list, kind, wanted);
    const packed = await this.#link.call(kind === "query" ? "query" : "corpus", send, { signal, onProgress });
    const embeddings = unpackEmbeddings(packed);
    return typeof texts === "string" ? unwrapEmbedding(embeddings) : embeddings;
  }
}

function checkKind(kind: unknown): void {
  if (kind !== "query" && kind !== "passage") throw new InvalidInputError("options.kind", '"query" or "passage"', kind);
}

function absolute(url: string | URL | undefined): string | undefined {
  return url === undefined ? undefined : new URL(url, pageUrl()).href;
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
