/// <reference lib="esnext.disposable" preserve="true" />
/** An index of texts as the main thread sees it: checks at the door, and the way to the worker, which holds the index itself. */
import { DisposedError } from "#core/errors.ts";
import type {
  IndexAnswer,
  IndexInfo,
  IndexOperation,
  IndexRequest,
  IndexSearchOptions,
  SearchResult,
  StoredDocument,
  TextDocument,
  Urgency,
} from "#worker/protocol.ts";
import { checkDocuments, checkIds, checkIndexName, checkOpenIndexOptions, checkQuery, checkSearchOptions, type OpenIndexOptions } from "./index-inputs.ts";
import { type CallOptions, checkCallOptions } from "./options.ts";
import type { WorkerLink } from "./worker-link.ts";

/**
 * Texts that can be searched by all heads at once; see `M3.openIndex`.
 *
 * Calls may overlap. Changes wait for one another; a search sees what was committed when it began, by this tab or another. Every call may throw
 * InvalidInputError, DisposedError (after `close`, or `dispose` of the model), WorkerLostError (an index in memory is gone with its worker), StorageError,
 * StorageFullError and CorruptIndexError, besides what `M3.encode` throws; an aborted one rejects with its signal's reason.
 */
export class M3Index implements AsyncDisposable {
  readonly name: string;
  readonly #link: WorkerLink;
  readonly #request: IndexRequest;
  #closing: Promise<void> | undefined;

  private constructor(link: WorkerLink, request: IndexRequest) {
    this.name = request.name;
    this.#link = link;
    this.#request = request;
  }

  /** How the worker knows it. @internal */
  get request(): IndexRequest {
    if (this.#closing) throw new DisposedError("index");
    return this.#request;
  }

  /** For `M3.openIndex`. @internal */
  static async open(link: WorkerLink, name: string, options: OpenIndexOptions = {}): Promise<M3Index> {
    checkIndexName(name);
    checkOpenIndexOptions(options);
    const { storage = "persistent", reencode = false, signal, onProgress, ...shape } = options;
    const index = new M3Index(link, { handle: crypto.randomUUID(), name, storage, shape });
    await index.#run(reencode ? "corpus" : "query", { kind: "open", reencode }, { signal, onProgress });
    return index;
  }

  /**
   * Adds documents. They are committed in portions of whole documents: what `onProgress` reports as `documents.committed` stays, also when the call is aborted
   * or the tab is closed.
   * @throws DuplicateDocumentError when an id is in the index already (then nothing was added) or twice in the list
   */
  async add(documents: readonly TextDocument[], options: CallOptions = {}): Promise<void> {
    await this.#write("add", documents, options);
  }

  /** Replaces documents of the same ids, and adds those that are not there; otherwise as {@link add}. */
  async update(documents: readonly TextDocument[], options: CallOptions = {}): Promise<void> {
    await this.#write("update", documents, options);
  }

  /**
   * Removes documents in one change. Ids that are not there are passed over.
   * @returns how many were there; those that a worker had removed before it was lost do not count
   */
  async remove(ids: readonly string[], options: CallOptions = {}): Promise<number> {
    checkIds(ids);
    checkCallOptions(options);
    return (await this.#run("query", { kind: "remove", ids }, options)) as number;
  }

  /** The documents of these ids, in their order; undefined where there is none. */
  async get(ids: readonly string[], options: CallOptions = {}): Promise<(StoredDocument | undefined)[]> {
    checkIds(ids);
    checkCallOptions(options);
    return (await this.#run("query", { kind: "get", ids }, options)) as (StoredDocument | undefined)[];
  }

  /**
   * The documents that answer a question best, each by its best passage.
   *
   * Any string is a question. One of white space finds nothing; one of characters that the model does not know is searched for by meaning alone; of one that is
   * longer than the model reads, the beginning counts, which `truncated` tells.
   * @throws InvalidInputError for a filter on a field that no document has
   */
  async search(query: string, options: IndexSearchOptions & CallOptions = {}): Promise<SearchResult> {
    checkQuery(query);
    checkSearchOptions(options);
    const { signal, onProgress, ...wanted } = options;
    return (await this.#run("query", { kind: "search", query, options: wanted }, { signal, onProgress })) as SearchResult;
  }

  /** What the index holds. */
  async info(options: CallOptions = {}): Promise<IndexInfo> {
    checkCallOptions(options);
    return (await this.#run("query", { kind: "info" }, options)) as IndexInfo;
  }

  /** Drops what was removed and joins the rest: smaller, and fewer reads a search. For indexes that will not change for a while. */
  async optimize(options: CallOptions = {}): Promise<void> {
    checkCallOptions(options);
    await this.#run("query", { kind: "optimize" }, options);
  }

  /**
   * Encodes all documents again from their stored texts, where their vectors are of other heads than the model runs with (`M3.adapt`, `M3.resetHeads`). All are
   * replaced in one change at the end: aborted, or lost with its tab, it leaves the index as it was. Takes as long as adding them, and twice the room meanwhile; other
   * changes wait, and searches are refused before. Does nothing where nothing is to be done.
   */
  async reencode(options: CallOptions = {}): Promise<void> {
    checkCallOptions(options);
    await this.#run("corpus", { kind: "reencode" }, options);
  }

  /**
   * Lets go of the index; one in memory is gone. An addition under way ends after the portion at hand with a DisposedError, with which every later call rejects
   * too. May be called twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#link.call<IndexAnswer>("query", async (worker, call) => await worker.index(call, this.#request, { kind: "close" }));
    } catch (error) {
      // With its model the index is closed as well.
      if (!(error instanceof DisposedError)) throw error;
    }
  }

  async #write(kind: "add" | "update", documents: readonly TextDocument[], options: CallOptions): Promise<void> {
    checkDocuments(documents);
    checkCallOptions(options);
    await this.#run("corpus", { kind, documents, key: crypto.randomUUID() }, options);
  }

  async #run(urgency: Urgency, operation: IndexOperation, { signal, onProgress }: CallOptions): Promise<IndexAnswer> {
    if (this.#closing) throw new DisposedError("index");
    return await this.#link.call<IndexAnswer>(urgency, async (worker, call) => await worker.index(call, this.#request, operation), { signal, onProgress });
  }
}
