/**
 * Files over `fetch`, checked against the manifest before anyone sees a byte. A download that breaks off goes on where it was.
 *
 * Files are named by their content, so the HTTP cache may keep them for ever and a manifest never meets the bytes of another version. What it cannot
 * promise is that a cached or transferred file is whole, or that a continued one was not changed in between, hence the digest. It is taken of the whole
 * file (16 MiB at most), off this thread and a good deal faster than anything written in JavaScript could take it piece by piece.
 */
import { CorruptShardError, MissingShardError } from "#core/errors.ts";
import type { FileEntry } from "#core/manifest.ts";
import { sha256Hex } from "#core/sha256.ts";
import { Backoff, type BackoffOptions, isTransient } from "./backoff.ts";
import type { Download, FilePart, ReadFileOptions } from "./file-reader.ts";
import type { PatienceOptions } from "./patience.ts";
import { receive, type Transfer } from "./receive.ts";
import type { Fetch } from "./request.ts";

export interface HttpFilesOptions extends BackoffOptions, PatienceOptions {
  readonly fetch: Fetch;
}

/** A try that brings this part of the file is a success, whatever ends it: on a bad line a large file takes many. */
const PROGRESS = 0.01;

/** For downloads whose beginning is kept nowhere but in the memory of the download itself. */
const unkept: FilePart = { restore: async () => ({ loaded: 0, validator: null }), keep: async () => {}, clear: async () => {} };

/**
 * Files next to the manifest, over HTTP. After a network failure, a broken connection, or an answer that may be different a moment later (5xx, 429), it
 * tries again with growing pauses; after damaged bytes once more, from the beginning and past the HTTP cache; after 404, 403 and the like not at all.
 */
export function httpFiles(manifestUrl: URL, options: HttpFilesOptions): Download {
  return async (entry, { part = unkept, ...read } = {}) => {
    if (!globalThis.crypto?.subtle)
      throw new MissingShardError(entry.file, "its digest cannot be checked outside a secure context. Serve the page over https or from localhost.");
    const { fetch, stallMs } = options;
    const transfer: Transfer = { url: new URL(entry.file, manifestUrl), entry, fetch, stallMs, bytes: new Uint8Array(entry.bytes), part };
    return await download(transfer, new Backoff(options), read);
  };
}

async function download(transfer: Transfer, backoff: Backoff, read: ReadFileOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { entry, bytes, part } = transfer;
  const kept = await part.restore(bytes);
  const at = { loaded: kept.loaded, validator: kept.validator };
  let furthest = at.loaded;
  let cache: RequestCache = "default";
  /** Bytes from before this download may be those of another file: their damage says nothing about the server. */
  let mayBeDamaged = at.loaded === 0 ? 1 : 2;
  let unanswered = false;
  if (at.loaded > 0) read.onBytes?.(at.loaded, true);
  for (;;) {
    try {
      // A server of another origin may forbid ranges, which looks like a network failure: the last try does without.
      if (backoff.lastTry && unanswered && at.validator === null) at.loaded = 0;
      if (at.loaded < entry.bytes) await receive(transfer, at, cache, read);
      await verify(bytes, entry, transfer.url);
      return bytes;
    } catch (error) {
      const damaged = error instanceof CorruptShardError && !isTransient(error);
      if (damaged) {
        at.loaded = 0;
        await part.clear();
        if (read.signal?.aborted) throw read.signal.reason;
        if (mayBeDamaged-- === 0) throw error;
      } else {
        await part.keep(bytes, at.loaded, at.validator, true);
        if (read.signal?.aborted) throw read.signal.reason;
        if (!isTransient(error)) throw error;
      }
      if (at.loaded - furthest >= entry.bytes * PROGRESS) backoff.reset();
      furthest = Math.max(furthest, at.loaded);
      unanswered = error instanceof MissingShardError && error.fields.status === undefined && error.fields.loaded === undefined && !error.fields.stalled;
      cache = "reload";
      await backoff.pause(error, read.signal);
    }
  }
}

async function verify(bytes: Uint8Array<ArrayBuffer>, entry: FileEntry, url: URL): Promise<void> {
  const sha256 = await sha256Hex(bytes);
  if (sha256 === entry.sha256) return;
  const fields = { url: url.href, expected: entry.sha256, received: sha256 };
  throw new CorruptShardError(entry.file, "its SHA-256 digest is not the one in the manifest.", fields);
}
