/**
 * A folder of a web server as a byte store that can only be read: what is needed comes by range requests, as a static host answers them.
 *
 * A server that does not know ranges (or compresses what it sends, so that ranges would be those of other bytes) answers with whole files; then each file that is
 * touched is kept in memory, and read from there. Small files are, from every server.
 */
import { type BlobEntry, type BlobReader, type BlobWriter, type ByteRange, type ByteStore, checkRange } from "#core/byte-store.ts";
import { InvalidInputError, MissingBlobError, UnreachableFileError } from "#core/errors.ts";
import { joinRanges } from "#core/join-ranges.ts";

export interface HttpStoreOptions {
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>;
  /** Blobs and their sizes. A server cannot be asked for them in one request. */
  readonly blobs: Readonly<Record<string, number>>;
  /** The pause before the second try of a read that failed; the third waits twice as long. Default 300 ms. */
  readonly retryDelayMs?: number | undefined;
}

/** So many bytes that nobody asked for are cheaper than another request. */
const GAP_BYTES = 8 << 10;
/** Requests under way at once, of one read of many ranges. */
const PARALLEL_REQUESTS = 6;
/** A blob of at most this size is read whole and kept: its parts cost a request each, and every question asks for some of them. */
const SMALL_BYTES = 64 << 10;
/** So much is kept of small blobs, the smallest first. */
const MOST_KEPT_BYTES = 1 << 20;
const TRIES = 3;
const DEFAULT_RETRY_DELAY_MS = 300;

export class HttpStore implements ByteStore {
  readonly kind = "http";
  readonly #folder: URL;
  readonly #options: HttpStoreOptions;
  readonly #small: ReadonlySet<string>;
  /** Small blobs, and all of a server without ranges. */
  readonly #whole = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  /** @param folder ends in a slash */
  constructor(folder: URL, options: HttpStoreOptions) {
    if (!folder.pathname.endsWith("/")) throw new InvalidInputError("folder", "a URL that ends in a slash", folder.href);
    this.#folder = folder;
    this.#options = options;
    this.#small = smallBlobs(options.blobs);
  }

  async size(name: string): Promise<number | undefined> {
    return Object.hasOwn(this.#options.blobs, name) ? this.#options.blobs[name] : undefined;
  }

  /** Makes no request. */
  async open(name: string): Promise<BlobReader> {
    const bytes = await this.size(name);
    if (bytes === undefined) throw new MissingBlobError(name, this.kind);
    return {
      bytes,
      read: (offset, length) => this.#read(name, bytes, checkRange(bytes, offset, length)),
      readMany: (ranges) => this.#readMany(name, bytes, ranges),
      close() {},
    };
  }

  async list(prefix = ""): Promise<BlobEntry[]> {
    const names = Object.keys(this.#options.blobs).filter((name) => name.startsWith(prefix));
    return names.sort().map((name) => ({ name, bytes: this.#options.blobs[name]! }));
  }

  create(name: string): Promise<BlobWriter> {
    return Promise.reject(new InvalidInputError(`the blob "${name}"`, "left as it is: a published index can only be read", "a change"));
  }

  remove(name: string): Promise<void> {
    return this.create(name).then(() => {});
  }

  close(): void {
    this.#whole.clear();
  }

  async #readMany(name: string, bytes: number, ranges: readonly ByteRange[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const runs = joinRanges(ranges, GAP_BYTES);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let next = 0;
    const readOn = async () => {
      for (let run = runs[next++]; run; run = runs[next++]) {
        const read = await this.#read(name, bytes, { offset: run.offset, length: run.end - run.offset });
        for (const place of run.places) {
          const { offset, length } = ranges[place]!;
          parts[place] = read.slice(offset - run.offset, offset - run.offset + length);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL_REQUESTS, runs.length) }, readOn));
    return parts;
  }

  async #read(name: string, bytes: number, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const { offset, length } = range;
    if (length === 0) return new Uint8Array(0);
    const url = new URL(name, this.#folder);
    const readWhole = () => this.#retried(() => this.#readWhole(url, bytes));
    const kept = this.#whole.get(name) ?? (this.#small.has(name) ? this.#keep(name, readWhole()) : undefined);
    if (kept) return (await kept).slice(offset, offset + length);
    return await (length === bytes ? readWhole() : this.#retried(() => this.#readPart(name, url, bytes, range)));
  }

  async #retried<T>(read: () => Promise<T>): Promise<T> {
    const { retryDelayMs = DEFAULT_RETRY_DELAY_MS } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (attempt === TRIES || !(error instanceof UnreachableFileError && error.fields.transient === true)) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs * attempt));
      }
    }
  }

  async #readPart(name: string, url: URL, bytes: number, { offset, length }: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#ask(url, { headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
    const encoded = response.headers.has("content-encoding");
    if (response.status === 206 && !encoded) {
      const body = await bodyOf(response, url);
      if (body.length !== length) throw new UnreachableFileError(url.href, `${length} bytes of it were asked for, ${body.length} came.`, { transient: true });
      return body;
    }
    await (response.status === 206 ? response.body?.cancel() : undefined);
    // From now on, and for reads that are under way already, the file comes from here.
    const whole = this.#whole.get(name) ?? this.#keep(name, this.#readWhole(url, bytes, response.status === 206 ? undefined : response));
    return (await whole).slice(offset, offset + length);
  }

  /** What could not be read is asked for again next time. */
  #keep(name: string, whole: Promise<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
    this.#whole.set(name, whole);
    whole.catch(() => this.#whole.delete(name));
    return whole;
  }

  async #readWhole(url: URL, bytes: number, response?: Response): Promise<Uint8Array<ArrayBuffer>> {
    const body = await bodyOf(response ?? (await this.#ask(url, {})), url);
    if (body.length === bytes) return body;
    const reason = `it has ${body.length} bytes instead of ${bytes}. Publish all files of the index together, and load the page again.`;
    throw new UnreachableFileError(url.href, reason, { expected: bytes, received: body.length });
  }

  async #ask(url: URL, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.#options.fetch(url, init);
    } catch (cause) {
      throw new UnreachableFileError(url.href, "the network failed. Try again when there is a connection.", { transient: true }, { cause });
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const { status } = response;
    const remedy = status === 404 || status === 416 ? "Publish all files of the index together, and load the page again." : "Try again later.";
    throw new UnreachableFileError(url.href, `the server answered ${status}. ${remedy}`, { status, transient: status >= 500 || status === 429 });
  }
}

/** Names of the blobs that are kept. */
function smallBlobs(blobs: Readonly<Record<string, number>>): Set<string> {
  const small = new Set<string>();
  let total = 0;
  for (const [name, bytes] of Object.entries(blobs).toSorted(([, a], [, b]) => a - b)) {
    total += bytes;
    if (bytes > SMALL_BYTES || total > MOST_KEPT_BYTES) break;
    small.add(name);
  }
  return small;
}

async function bodyOf(response: Response, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new UnreachableFileError(url.href, "the connection broke. Try again when there is a better one.", { transient: true }, { cause });
  }
}
