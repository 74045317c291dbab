/**
 * Every failure that a caller can meet, one class each.
 *
 * All extend {@link M3Error}; test with `error.code` (it survives the worker boundary, realms and duplicate copies of this package), not with
 * `instanceof`. An abort is not one of these: it rejects with the signal's own reason, as platform functions do.
 */

/** Data fields of an error: structured-cloneable values only, so that they cross a worker boundary. */
export type ErrorFields = Readonly<Record<string, unknown>>;

/** Base of every error that this package throws on purpose. The message names the remedy. */
export class M3Error extends Error {
  override readonly name: string = "M3Error";
  /** Stable, machine-readable kind of the failure, in kebab-case. */
  readonly code: string;
  /** What the failure is about: paths, sizes, names. Structured-cloneable. */
  readonly fields: ErrorFields;

  constructor(code: string, message: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.fields = fields;
  }
}

/** An argument or option has the wrong type, range or shape. `fields.path` is its path (`options.maxLength`), `fields.received` what came. */
export class InvalidInputError extends M3Error {
  override readonly name = "InvalidInputError";
  constructor(path: string, expected: string, received: unknown) {
    super("invalid-input", `${path} must be ${expected}, but it is ${describeValue(received)}.`, { path, expected, received: describeValue(received) });
  }
}

/** The model name is not in the catalogue and is not a URL or path of a manifest. */
export class UnknownModelError extends M3Error {
  override readonly name = "UnknownModelError";
  constructor(model: string, known: readonly string[]) {
    super("unknown-model", `There is no model called "${model}". Known models: ${known.join(", ")}; or give the URL of a manifest.json.`, { model, known });
  }
}

/** A manifest is not what the model format says (docs/model-format.md), or is of a newer format version. */
export class InvalidManifestError extends M3Error {
  override readonly name = "InvalidManifestError";
  constructor(reason: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super("invalid-manifest", `The model manifest cannot be used: ${reason}`, fields, options);
  }
}

/** A file of the model could not be had: not found, refused, or the network failed after all retries. */
export class MissingShardError extends M3Error {
  override readonly name = "MissingShardError";
  constructor(file: string, reason: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super("missing-shard", `The model file "${file}" could not be loaded: ${reason}`, { file, ...fields }, options);
  }
}

/** A file of the model has the wrong size or SHA-256 digest, also after it was fetched again. Nothing of it is used. */
export class CorruptShardError extends M3Error {
  override readonly name = "CorruptShardError";
  constructor(file: string, reason: string, fields: ErrorFields = {}) {
    super("corrupt-shard", `The model file "${file}" is damaged: ${reason} Publish the model folder again, or clear the stored copy.`, { file, ...fields });
  }
}

/** A checkpoint given to build-model cannot be converted: missing tensors, wrong shapes or types, a damaged or unsafe file. */
export class InvalidCheckpointError extends M3Error {
  override readonly name = "InvalidCheckpointError";
  constructor(reason: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super("invalid-checkpoint", `The checkpoint cannot be converted: ${reason}`, fields, options);
  }
}

/** The model is well-formed, but of a kind that this package does not run. */
export class UnsupportedModelError extends M3Error {
  override readonly name = "UnsupportedModelError";
  constructor(reason: string, fields: ErrorFields = {}) {
    super("unsupported-model", `This model is not supported: ${reason}`, fields);
  }
}

/** An optional package is needed that is not installed, or not where the page can load it. `fields.package` names it. */
export class MissingPeerError extends M3Error {
  override readonly name = "MissingPeerError";
  constructor(peer: string, needed: string, options?: { cause?: unknown }) {
    super(
      "missing-peer",
      `For ${needed} the package ${peer} is needed, and it could not be loaded. Install it (npm install ${peer}); for a page without a bundler, copy it beside the worker: ` +
        "bge-m3-web copy-assets DIR --transformers.",
      { package: peer },
      options,
    );
  }
}

/** A head was asked for that the model does not have. */
export class MissingHeadError extends M3Error {
  override readonly name = "MissingHeadError";
  constructor(head: string, model: string) {
    super("missing-head", `The model "${model}" has no ${head} head. Build it with head weights, or do not ask for ${head} vectors.`, { head, model });
  }
}

/**
 * No backend could be started, or the running one failed. `fields.reason` says why; `fields.attempts`, where several were tried, what became of each;
 * `fields.spoiled`, that the engine cannot run any more in the worker that it is in.
 */
export class BackendError extends M3Error {
  override readonly name = "BackendError";
  constructor(reason: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super("backend-failed", `The model could not be run: ${reason} Load it again, or load it with another device.`, { reason, ...fields }, options);
  }
}

/**
 * There was not enough memory for a single text, neither when batches of several had been made smaller, nor in a new worker. `fields.tokens` says how long
 * it is.
 */
export class OutOfMemoryError extends M3Error {
  override readonly name = "OutOfMemoryError";
  constructor(tokens: number, backend: string, options?: { cause?: unknown }) {
    super(
      "out-of-memory",
      `There is not enough memory to encode a text of ${tokens} tokens on ${backend}. Use a smaller maxLength, close other tabs, or load a smaller model.`,
      { tokens, backend, spoiled: true },
      options,
    );
  }
}

/** The model gave NaN, infinite or all-zero numbers. Nothing of that batch is returned. */
export class NonFiniteOutputError extends M3Error {
  override readonly name = "NonFiniteOutputError";
  constructor(output: string, backend: string) {
    super(
      "non-finite-output",
      `The ${output} output of the ${backend} backend has numbers that cannot be right (NaN, infinite or all zero). Load the model with device: "wasm".`,
      { output, backend },
    );
  }
}

/** Something is being done already that cannot be done twice at once. */
export class BusyError extends M3Error {
  override readonly name = "BusyError";
  constructor(what: string) {
    super("busy", `${what} by an earlier call: wait for it, or abort it.`, { what });
  }
}

/** The object was used after dispose(). */
export class DisposedError extends M3Error {
  override readonly name = "DisposedError";
  constructor(what: string) {
    super("disposed", `This ${what} was disposed of. Load it again to go on.`, { what });
  }
}

/** The worker ended or never started; `fields.reason` says what is known. */
export class WorkerLostError extends M3Error {
  override readonly name = "WorkerLostError";
  constructor(reason: string, options?: { cause?: unknown }) {
    super("worker-lost", `The worker that runs the model is gone: ${reason} Load the model again.`, { reason }, options);
  }
}

/** The blob is not in the store: never written, or removed or replaced while it was being read. */
export class MissingBlobError extends M3Error {
  override readonly name = "MissingBlobError";
  constructor(blob: string, store: string, options?: { cause?: unknown }) {
    super("missing-blob", `There is no "${blob}" in this ${store} store (any more). Load or build again what it was a part of.`, { blob, store }, options);
  }
}

/** A file of a published index could not be had from its server: not there, refused, or the network failed after all tries. */
export class UnreachableFileError extends M3Error {
  override readonly name = "UnreachableFileError";
  constructor(url: string, reason: string, fields: ErrorFields = {}, options?: { cause?: unknown }) {
    super("unreachable-file", `${url} could not be read: ${reason}`, { url, ...fields }, options);
  }
}

/** The browser refused or failed to store or read bytes. */
export class StorageError extends M3Error {
  override readonly name = "StorageError";
  constructor(store: string, action: string, options?: { cause?: unknown }) {
    const reason = describeCause(options?.cause).replace(/\.?$/, ".");
    super(
      "storage-failed",
      `The ${store} store could not ${action}: ${reason} Allow this site to store data, leave private browsing, or use storage in memory.`,
      { store, action },
      options,
    );
  }
}

/** There is no room left for what was to be stored. Nothing of it is visible; free space, or store less. */
export class StorageFullError extends M3Error {
  override readonly name = "StorageFullError";
  constructor(store: string, options?: { cause?: unknown }) {
    super("storage-full", `The ${store} store is full. Free space on the device or remove stored models and indexes, then try again.`, { store }, options);
  }
}

/** A file of an index is not what it should be: cut, changed, or not an index file at all. Remove the index and build it again. */
export class CorruptIndexError extends M3Error {
  override readonly name = "CorruptIndexError";
  constructor(file: string, reason: string) {
    super("corrupt-index", `The index file "${file}" is damaged: ${reason} Remove the index and build it again.`, { file, reason });
  }
}

/** The index was written by a newer version of this package. */
export class NewerIndexError extends M3Error {
  override readonly name = "NewerIndexError";
  constructor(file: string, version: number, known: number) {
    super("newer-index", `The index file "${file}" has format version ${version}; this package reads up to ${known}. Update bge-m3-web.`, {
      file,
      version,
      known,
    });
  }
}

/** The index was made with other settings or by another model than the one that opens it. Nothing is read or changed. */
export class IndexMismatchError extends M3Error {
  override readonly name = "IndexMismatchError";
  constructor(what: string, stored: unknown, wanted: unknown) {
    super(
      "index-mismatch",
      `The index was made with another ${what} (${describeValue(stored)}, not ${describeValue(wanted)}). Open it with the same, encode it again (openIndex with reencode: true), or build it again.`,
      {
        what,
        stored: describeValue(stored),
        wanted: describeValue(wanted),
      },
    );
  }
}

/** A document of that id is in the index already, or twice in one list. Nothing of the list was added; `update` replaces. */
export class DuplicateDocumentError extends M3Error {
  override readonly name = "DuplicateDocumentError";
  constructor(id: string) {
    super("duplicate-document", `There is a document "${id}" already. Use update to replace it.`, { id });
  }
}

/** Somebody else changed the index while this writer was at it. Nothing of this change is kept: try again, and give all writers the same lock. */
export class IndexConflictError extends M3Error {
  override readonly name = "IndexConflictError";
  constructor(index: string) {
    super("index-conflict", `The index "${index}" was changed by another writer meanwhile. Try again; open it with a lock where several write.`, { index });
  }
}

/** What came, short enough for a message. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "null-prototype object"}`;
  return String(value);
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : "the reason is not known.";
}
