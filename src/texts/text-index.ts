/**
 * An index of texts: encodes what is added and what is asked for, and leaves the rest to a {@link HybridIndex}.
 *
 * Additions are committed in portions of whole documents, so an end in between, wanted or not, loses a portion at most. Each portion carries the key of its
 * call; a call that is made again after a worker was lost passes over what it finds with its own key.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { DuplicateDocumentError } from "#core/errors.ts";
import { nextMessageTurn } from "#core/event-loop.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { WriterLock } from "#core/writer-lock.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import type { ScriptLetters } from "#search/cross-lingual.ts";
import type { IndexDocument } from "#search/document.ts";
import { HybridIndex } from "#search/hybrid-index.ts";
import type { IndexSettings } from "#search/settings.ts";
import { AddProgress } from "./add-progress.ts";
import { checkTextDocuments } from "./check-documents.ts";
import { type IndexLimits, indexSettings, resolveLimits } from "./index-shape.ts";
import { CONTINUED_FIELD, continuations, documentId, joinDocument, type Passage, type StoredPassage, splitDocument } from "./passages.ts";
import { CorpusScripts, searchTexts } from "./text-search.ts";
import type { IndexInfo, IndexSearchOptions, IndexShape, SearchResult, StoredDocument, TextDocument } from "./types.ts";

export interface TextIndexParts {
  readonly manifest: Manifest;
  readonly store: ByteStore;
  readonly lock: WriterLock;
  /** Letters of all texts by script, for an index that does not change. Default: those of a sample, which is read. */
  readonly scripts?: ScriptLetters | undefined;
  /** Opens an index of another model too, to be read and then encoded again; it cannot be searched before. Default false. */
  readonly foreign?: boolean | undefined;
}

/** What a call brings along. */
export interface IndexCall {
  readonly encoder: M3Encoder;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** Tokens of the first portion; each is twice as large as the one before, so that first results come early and long additions cost few commits. */
const FIRST_PORTION_TOKENS = 8192;
const LARGEST_PORTION_TOKENS = 65_536;
/** What the ColBERT vectors of a portion may take in memory, before they are stored in 8 bits or less. */
const PORTION_BYTES = 48 << 20;
/** Documents read at a time, of all. */
const DOCUMENTS_READ = 256;

export class TextIndex {
  readonly #name: string;
  readonly #store: ByteStore;
  readonly #index: HybridIndex;
  readonly #limits: IndexLimits;
  readonly #scripts: CorpusScripts;
  /** Additions wait for one another: one that was aborted stops before the next looks at what is there. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(name: string, { store, scripts }: TextIndexParts, index: HybridIndex, limits: IndexLimits) {
    this.#name = name;
    this.#store = store;
    this.#index = index;
    this.#limits = limits;
    this.#scripts = new CorpusScripts(index, scripts);
  }

  /** @throws IndexMismatchError for an index of another model or shape; CorruptIndexError; NewerIndexError; MissingHeadError; InvalidInputError */
  static async open({ name, shape }: { readonly name: string; readonly shape: IndexShape }, parts: TextIndexParts): Promise<TextIndex> {
    const limits = resolveLimits(shape, parts.manifest);
    const settings = await indexSettings(parts.store, shape, parts.manifest, parts.foreign);
    const index = await HybridIndex.open(parts.store, { settings, name: `indexes/${name}`, lock: parts.lock });
    return new TextIndex(name, parts, index, limits);
  }

  /** Of the model that its vectors are of. */
  get fingerprint(): string {
    return this.#index.settings.fingerprint;
  }

  async info(): Promise<IndexInfo> {
    await this.#index.refresh();
    const { generation, documents: passages, bytes } = this.#index.statistics();
    const { [CONTINUED_FIELD]: continued, ...fields } = this.#index.fields;
    const documents = passages - (continued ? await this.#index.count({ [CONTINUED_FIELD]: true }) : 0);
    return { name: this.#name, store: this.#store.kind, documents, passages, generation, bytes, fields };
  }

  /** @throws DuplicateDocumentError for `add`, before anything is encoded; InvalidInputError; the signal's reason: what was committed stays */
  async add(documents: readonly TextDocument[], { kind, key, ...call }: IndexCall & { readonly kind: "add" | "update"; readonly key: string }): Promise<void> {
    checkTextDocuments(documents);
    await this.#inTurn(async () => {
      call.signal?.throwIfAborted();
      const pending = await this.#withoutOwn(documents, kind, key);
      const progress = new AddProgress(documents, documents.length - pending.length, call.onProgress);
      const { settings } = this.#index;
      for await (const { passages, documents: count } of this.#portions(pending, key, settings, call)) {
        const encoded = await this.#encode(passages, settings, call, (tokens) => progress.encoding(tokens));
        await (kind === "add"
          ? this.#index.add(encoded, { signal: call.signal })
          : this.#index.update(encoded, { signal: call.signal, related: continuations }));
        progress.committed(count, passages);
      }
      progress.done();
    });
  }

  /**
   * Encodes all documents again, with the model and the heads of the call, and puts the result in the place of all vectors in one change: when it is broken off,
   * the index is what it was. Does nothing where the vectors are of that model already.
   * @param manifest of the call's encoder
   * @throws what the encoder throws; the signal's reason
   */
  async reencode(manifest: Manifest, call: IndexCall): Promise<void> {
    await this.#inTurn(async () => {
      await this.#index.refresh();
      if (this.fingerprint === manifest.fingerprint) return;
      const settings = await indexSettings(this.#store, {}, manifest);
      await this.#index.replaceAll(settings, this.#encodedAgain(settings, call), { signal: call.signal });
    });
  }

  /** @returns how many of the ids were there */
  remove(ids: readonly string[], { signal }: IndexCall): Promise<number> {
    return this.#inTurn(() => this.#index.remove(ids, { signal, related: continuations }));
  }

  optimize({ signal }: IndexCall): Promise<void> {
    return this.#inTurn(() => this.#index.optimize({ signal }));
  }

  /** Ids of all documents. */
  async ids(): Promise<string[]> {
    await this.#index.refresh();
    const passages = await this.#index.sample(Number.POSITIVE_INFINITY);
    return [...new Set(passages.map(({ id }) => documentId(id)))];
  }

  /** All documents, some at a time. */
  async *documents(): AsyncGenerator<StoredDocument[]> {
    const ids = await this.ids();
    for (let first = 0; first < ids.length; first += DOCUMENTS_READ) {
      const found = await this.get(ids.slice(first, first + DOCUMENTS_READ));
      yield found.filter((document) => document !== undefined);
    }
  }

  async get(ids: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    await this.#index.refresh();
    const records = await this.#index.get(ids);
    return await Promise.all(
      records.map(async (record) => {
        if (!record) return undefined;
        const further = await this.#index.get(continuations(record));
        const passages = [record, ...further].map((one) => one?.stored as unknown as StoredPassage | undefined);
        // Another tab has replaced it between the two reads: there is nothing of one piece to give.
        return passages.every((passage) => passage !== undefined) ? joinDocument(record.id, passages) : undefined;
      }),
    );
  }

  async search(query: string, options: IndexSearchOptions, { encoder, signal }: IndexCall): Promise<SearchResult> {
    await this.#index.refresh();
    return await searchTexts({ index: this.#index, encoder, scripts: this.#scripts, query, options, signal });
  }

  /** Waits for the change at hand. */
  async close(): Promise<void> {
    await this.#index.close();
    this.#store.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** What is in it, encoded with a call's encoder, in portions. */
  async *#encodedAgain(settings: IndexSettings, call: IndexCall): AsyncGenerator<IndexDocument[]> {
    const documents: TextDocument[] = [];
    for await (const some of this.documents()) documents.push(...some);
    const progress = new AddProgress(documents, 0, call.onProgress);
    for await (const { passages } of this.#portions(documents, crypto.randomUUID(), settings, call)) {
      yield await this.#encode(passages, settings, call, (tokens) => progress.encoding(tokens));
      // Nothing is there for good before all is.
      progress.committed(0, passages);
    }
    progress.committed(documents.length, []);
    progress.done();
  }

  /** The documents that this call has not added yet, when it was made before. */
  async #withoutOwn(documents: readonly TextDocument[], kind: "add" | "update", key: string): Promise<TextDocument[]> {
    await this.#index.refresh();
    const there = await this.#index.get(documents.map(({ id }) => id));
    return documents.filter((document, place) => {
      const stored = there[place]?.stored as unknown as StoredPassage | undefined;
      if (stored?.key === key) return false;
      if (stored && kind === "add") throw new DuplicateDocumentError(document.id);
      return true;
    });
  }

  async *#portions(documents: readonly TextDocument[], key: string, { tokens }: IndexSettings, { encoder, signal }: IndexCall) {
    const largest = Math.min(LARGEST_PORTION_TOKENS, PORTION_BYTES / (4 * (tokens?.dim ?? 1)));
    let wanted = Math.min(FIRST_PORTION_TOKENS, largest);
    let portion: { passages: Passage[]; documents: number; tokens: number } = { passages: [], documents: 0, tokens: 0 };
    for (const document of documents) {
      const passages = splitDocument(encoder, document, this.#limits, key);
      portion.passages.push(...passages);
      portion.documents++;
      portion.tokens += passages.reduce((sum, { tokens }) => sum + tokens, 0);
      // Tokenising is quick, but a thread that does nothing else is deaf.
      await nextMessageTurn();
      signal?.throwIfAborted();
      if (portion.tokens < wanted) continue;
      yield portion;
      portion = { passages: [], documents: 0, tokens: 0 };
      wanted = Math.min(2 * wanted, largest);
    }
    if (portion.documents > 0) yield portion;
  }

  async #encode(
    passages: readonly Passage[],
    { dense, lexical, tokens, words }: IndexSettings,
    { encoder, signal }: IndexCall,
    onTokens: (tokens: number) => void,
  ): Promise<IndexDocument[]> {
    const { denseVecs, lexicalWeights, colbertVecs } = await encoder.encode(
      passages.map(({ content }) => content),
      "passage",
      {
        maxLength: this.#limits.passageTokens,
        returnDense: dense !== null,
        returnSparse: lexical,
        returnColbertVecs: tokens !== null,
        signal,
        onProgress: ({ loaded }) => onTokens(loaded),
      },
    );
    return passages.map(({ id, words: ids, fields, stored }, place) => ({
      id,
      dense: denseVecs?.[place],
      lexical: lexicalWeights?.[place],
      colbert: colbertVecs?.[place],
      ...(words ? { words: ids } : {}),
      fields,
      stored: JSON.parse(JSON.stringify(stored)),
    }));
  }
}
