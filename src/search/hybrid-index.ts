/**
 * An index over the three representations of texts, kept in a byte store: add, update, remove, search. It sees vectors, never texts or a model.
 *
 * Any number of tabs may search; one at a time changes the index (give all of them the same lock). A search works on a snapshot; `refresh` takes over what
 * another tab has committed.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { DisposedError, DuplicateDocumentError, InvalidInputError } from "#core/errors.ts";
import type { WriterLock } from "#core/writer-lock.ts";
import { Kernels } from "#scoring/kernels/instance.ts";
import { checkDocuments, checkId, type IndexDocument } from "./document.ts";
import type { FieldTypes } from "./fields/field-types.ts";
import type { Filter } from "./fields/filter.ts";
import { ByteCache } from "./format/byte-cache.ts";
import { DEFAULT_TUNING, type IndexStatistics, type OpenIndexOptions } from "./index-options.ts";
import { IndexWriter, type WriteOptions } from "./index-writer.ts";
import { countDocuments, sampleDocuments, type TermFrequencies, termFrequencies } from "./inspect.ts";
import { type Location, locate } from "./locate.ts";
import type { IndexMeta } from "./meta.ts";
import { planSearch, type SearchOptions, type SearchQuery } from "./query.ts";
import { type Hit, search } from "./search.ts";
import type { DocumentRecord } from "./segment/document-file.ts";
import type { SegmentPart } from "./segment/write-segment.ts";
import type { SearchTools } from "./segment-search.ts";
import { checkSettings, type IndexSettings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";
import { Snapshots } from "./snapshots.ts";
import { TokenScorer } from "./vectors/token-scorer.ts";

export type { IndexStatistics, IndexTuning, OpenIndexOptions } from "./index-options.ts";

export interface ChangeOptions extends WriteOptions {
  /** Ids of what belongs to a document that is replaced or removed, and goes with it unless the same change brings it: passages of one text. */
  readonly related?: ((record: DocumentRecord) => readonly string[]) | undefined;
}

export class HybridIndex {
  readonly #store: ByteStore;
  readonly #name: string;
  readonly #lock: WriterLock | undefined;
  readonly #tools: SearchTools;
  readonly #cache: ByteCache;
  readonly #snapshots: Snapshots;
  /** Changes wait for one another. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(store: ByteStore, kernels: Kernels, cache: ByteCache, snapshots: Snapshots, options: OpenIndexOptions) {
    this.#store = store;
    this.#tools = { kernels, scorer: new TokenScorer(kernels, options.maxsim) };
    this.#cache = cache;
    this.#snapshots = snapshots;
    this.#name = options.name ?? "index";
    this.#lock = options.lock;
  }

  /**
   * Opens the index of a store; in an empty store a new one begins with the first change.
   * @throws IndexMismatchError when it was made with other settings; CorruptIndexError; NewerIndexError; InvalidInputError
   */
  static async open(store: ByteStore, options: OpenIndexOptions): Promise<HybridIndex> {
    const settings = checkSettings(options.settings);
    const kernels = options.kernels ?? (await Kernels.create());
    const tuning = { ...DEFAULT_TUNING, ...options.tuning };
    const cache = new ByteCache(tuning.cacheBytes);
    return new HybridIndex(store, kernels, cache, await Snapshots.open(store, kernels, settings, tuning, cache), options);
  }

  /** What it holds. */
  get settings(): IndexSettings {
    return this.#snapshots.settings;
  }

  /** Documents that can be found. */
  get documents(): number {
    return this.#snapshots.current.documents;
  }

  get generation(): number {
    return this.#snapshots.current.meta.generation;
  }

  /** The types of all fields that documents ever had. */
  get fields(): FieldTypes {
    return this.#snapshots.current.meta.fields;
  }

  /** What scores MaxSim: "wasm", or the name of the backend that was given, as long as that one works. */
  get maxsimBackend(): string {
    return this.#tools.scorer.backend;
  }

  statistics(): IndexStatistics {
    const { meta, segments, documents } = this.#snapshots.current;
    const bytes = { documents: 0, dense: 0, lexical: 0, words: 0, tokens: 0 };
    for (const { entry } of segments) for (const part of Object.keys(bytes) as SegmentPart[]) bytes[part] += entry.files[part] ?? 0;
    const deleted = segments.reduce((sum, { deletions }) => sum + deletions.count, 0);
    return { generation: meta.generation, documents, deleted, segments: segments.length, bytes };
  }

  /**
   * Adds documents in one change: all of them, or none.
   * @throws DuplicateDocumentError when an id is there already, or twice in the list; InvalidInputError; IndexConflictError; the signal's reason
   */
  async add(documents: readonly IndexDocument[], options: WriteOptions = {}): Promise<void> {
    checkDocuments(documents, this.settings);
    await this.#change(options, async (snapshot) => {
      const there = await locate(
        snapshot,
        documents.map(({ id }) => id),
      );
      const [duplicate] = there.keys();
      if (duplicate !== undefined) throw new DuplicateDocumentError(duplicate);
      return documents.length > 0 && { documents, deleted: [] };
    });
  }

  /**
   * Replaces documents of the same ids, and adds those that are not there, in one change.
   * @throws as {@link add}, but an id that is there already is no error
   */
  async update(documents: readonly IndexDocument[], options: ChangeOptions = {}): Promise<void> {
    checkDocuments(documents, this.settings);
    await this.#change(options, async (snapshot) => {
      const there = await locateRelated(
        snapshot,
        documents.map(({ id }) => id),
        options,
      );
      return documents.length > 0 && { documents, deleted: [...there.values()] };
    });
  }

  /** Removes documents in one change. Ids that are not there are passed over. @returns how many of the ids were there */
  async remove(ids: readonly string[], options: ChangeOptions = {}): Promise<number> {
    if (!Array.isArray(ids)) throw new InvalidInputError("ids", "a list of ids", ids);
    for (const [index, id] of ids.entries()) checkId(id, `ids[${index}]`);
    let removed = 0;
    await this.#change(options, async (snapshot) => {
      const there = await locateRelated(snapshot, ids, options);
      removed = [...new Set(ids)].filter((id) => there.has(id)).length;
      return removed > 0 && { documents: [], deleted: [...there.values()] };
    });
    return removed;
  }

  /** Joins all segments and drops what was deleted: smaller, and fewer reads a search. For indexes that will not change for a while. */
  async optimize(options: WriteOptions = {}): Promise<void> {
    await this.#exclusive(options, async () => {
      while (await this.#mergeStep((writer, snapshot) => writer.mergeAll(snapshot, options)));
    });
  }

  /**
   * Puts other documents, and other settings, in the place of all that there is, in one change: until it is made, searches find what was there. Other objects that have
   * the index open are refused from then on (IndexMismatchError). Other changes wait.
   * @param portions made while the change goes on; they may read from this index
   * @throws InvalidInputError; IndexConflictError; the signal's reason; what the portions throw: then nothing has changed
   */
  async replaceAll(wanted: IndexSettings, portions: AsyncIterable<readonly IndexDocument[]>, options: WriteOptions = {}): Promise<void> {
    const settings = checkSettings(wanted);
    await this.#exclusive(options, async () => {
      const writer = this.#writer();
      await this.#snapshots.take(await writer.replaceAll(settings, portions, options));
      await this.#mergeAfter(options);
      // Nobody goes on with what was there before.
      await this.#snapshots.clearUp();
    });
  }

  /** Id and stored value of the documents of these ids, in their order; undefined where there is none. */
  async get(ids: readonly string[]): Promise<(DocumentRecord | undefined)[]> {
    this.#check();
    return await this.#snapshots.read(async (snapshot) => {
      const there = await locate(snapshot, ids);
      return await Promise.all(
        ids.map(async (id) => {
          const place = there.get(id);
          return place && (await snapshot.segments[place.segment]!.files.documents.read([place.document]))[0];
        }),
      );
    });
  }

  /** Documents that meet a filter. @throws InvalidInputError */
  async count(filter: Filter): Promise<number> {
    this.#check();
    return await this.#snapshots.read((snapshot) => countDocuments(snapshot, filter));
  }

  /** Id and stored value of about so many documents, evenly spread. */
  async sample(count: number): Promise<DocumentRecord[]> {
    this.#check();
    return await this.#snapshots.read((snapshot) => sampleDocuments(snapshot, count));
  }

  /** In how many documents each vocabulary id is; undefined for an index of neither words nor lexical weights. */
  async termFrequencies(terms: readonly number[]): Promise<TermFrequencies | undefined> {
    this.#check();
    return await this.#snapshots.read((snapshot) => termFrequencies(snapshot, terms));
  }

  /** @throws InvalidInputError; the signal's reason; CorruptIndexError */
  async search(query: SearchQuery, options: SearchOptions = {}): Promise<Hit[]> {
    const plan = planSearch(query, options, this.settings);
    this.#check();
    return await this.#snapshots.read(async (snapshot) => {
      const hits = await search(this.#tools, snapshot, plan);
      this.#snapshots.loadRowsLater(snapshot);
      return hits;
    });
  }

  /**
   * Loads now what would be loaded after the first search: the dense vectors, if they take no more than the tuning's residentBytes.
   * @throws CorruptIndexError
   */
  async warmUp(): Promise<void> {
    this.#check();
    await this.#snapshots.read((snapshot) => this.#snapshots.loadRows(snapshot));
  }

  /** Takes over what others have committed. @returns whether there was anything new */
  async refresh(): Promise<boolean> {
    this.#check();
    return await this.#snapshots.refresh();
  }

  /** Waits for the change at hand, then lets go of everything. The store stays open: it is the caller's. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.catch(() => undefined);
    this.#snapshots.close();
    this.#cache.clear();
  }

  #check(): void {
    if (this.#closed) throw new DisposedError("index");
  }

  /** One change and the merges that it calls for. The change itself is done when its meta file is written, whatever happens to the merges. */
  async #change(
    options: WriteOptions,
    plan: (snapshot: Snapshot) => Promise<false | { readonly documents: readonly IndexDocument[]; readonly deleted: Parameters<IndexWriter["apply"]>[2] }>,
  ): Promise<void> {
    await this.#exclusive(options, async () => {
      const change = await plan(this.#snapshots.current);
      if (!change) return;
      const writer = this.#writer();
      await this.#snapshots.take(await writer.apply(this.#snapshots.current, change.documents, change.deleted, options));
      await this.#mergeAfter(options);
    });
  }

  async #mergeAfter({ signal }: WriteOptions): Promise<void> {
    try {
      while (await this.#mergeStep((merger, snapshot) => merger.mergeOnce(snapshot, { signal })));
    } catch (error) {
      // The change was made before. A merge that was cut off is made up for after the next one.
      if (!signal?.aborted) throw error;
    }
  }

  async #mergeStep(merge: (writer: IndexWriter, snapshot: Snapshot) => Promise<IndexMeta | undefined>): Promise<boolean> {
    const meta = await merge(this.#writer(), this.#snapshots.current);
    if (meta) await this.#snapshots.take(meta);
    return meta !== undefined;
  }

  #writer(): IndexWriter {
    return new IndexWriter(this.#store, this.#name, this.#snapshots.current.meta);
  }

  /** Runs a change alone: after those of this object, and with the lock against those of others. */
  async #exclusive(options: WriteOptions, action: () => Promise<void>): Promise<void> {
    this.#check();
    const run = async () => {
      this.#check();
      options.signal?.throwIfAborted();
      await this.refresh();
      await action();
    };
    const lock = this.#lock;
    const turn = this.#queue.then(() => (lock ? lock.withLock(this.#name, run, { signal: options.signal }) : run()));
    this.#queue = turn.catch(() => undefined);
    await turn;
  }
}

/** The documents of these ids, and what belongs to them. */
async function locateRelated(snapshot: Snapshot, ids: readonly string[], { related }: ChangeOptions): Promise<Map<string, Location>> {
  const there = await locate(snapshot, ids);
  if (!related) return there;
  const records = await Promise.all([...there.values()].map(({ segment, document }) => snapshot.segments[segment]!.files.documents.read([document])));
  const more = await locate(snapshot, records.flat().flatMap(related));
  return new Map([...there, ...more]);
}
