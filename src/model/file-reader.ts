import type { FileEntry } from "#core/manifest.ts";

export interface ReadFileOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Told how many bytes of the file have come so far. Starts again at a smaller number when the file is fetched again.
   * @param wereHere the new ones did not come over the network
   */
  readonly onBytes?: ((loaded: number, wereHere?: boolean) => void) | undefined;
}

/**
 * The seam between "which bytes" and "where from": reads one whole file of an artefact, with the size and digest that the manifest promises.
 * `http-files.ts` has the one that fetches, `stored-files.ts` the one that keeps what was fetched.
 *
 * @throws MissingShardError, CorruptShardError, or the signal's reason
 */
export type FileReader = (entry: FileEntry, options?: ReadFileOptions) => Promise<Uint8Array<ArrayBuffer>>;

/** What tells one version of a file at a server from another, for `If-Range`: its strong ETag or its date. */
export type Validator = string | null;

/** Keeps the beginning of a file whose download may break off, so that a later one goes on from there. Nothing in it is trusted: the whole file is hashed. */
export interface FilePart {
  /** Fills the beginning of `into`. */
  restore(into: Uint8Array): Promise<{ readonly loaded: number; readonly validator: Validator }>;
  /** The first `loaded` bytes are here. It may wait until there are enough to be worth writing, unless `all` are to be kept now. Never throws. */
  keep(bytes: Uint8Array, loaded: number, validator: Validator, all?: boolean): Promise<void>;
  /** Throws everything away. Never throws. */
  clear(): Promise<void>;
}

/** A {@link FileReader} over the network, which keeps and finds the beginning of a file in `part`. */
export type Download = (entry: FileEntry, options?: ReadFileOptions & { readonly part?: FilePart | undefined }) => Promise<Uint8Array<ArrayBuffer>>;
