/**
 * One try to bring the rest of a file into its buffer: asks for the bytes that are missing, and believes the answer only where it says that it continues.
 *
 * A server without ranges, and one whose file has changed (`If-Range`), answers with the whole file: then it starts from the beginning. Servers of other
 * origins are asked without `If-Range`, which a browser sends only after they have allowed it; the digest finds what has changed.
 */
import { CorruptShardError, MissingShardError } from "#core/errors.ts";
import type { FileEntry } from "#core/manifest.ts";
import type { FilePart, ReadFileOptions, Validator } from "./file-reader.ts";
import { Patience, type PatienceOptions } from "./patience.ts";
import { type Fetch, request } from "./request.ts";

export interface Transfer extends PatienceOptions {
  readonly url: URL;
  readonly entry: FileEntry;
  readonly fetch: Fetch;
  /** Where the file goes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly part: FilePart;
}

/** How far a file is: its first `loaded` bytes lie in the buffer. Changed as bytes come. */
export interface Position {
  loaded: number;
  validator: Validator;
}

/**
 * @throws MissingShardError, CorruptShardError (too long or too short; the digest is not looked at), the signal's reason.
 *   `fields.transient` says that going on may help.
 */
export async function receive(transfer: Transfer, at: Position, cache: RequestCache, { signal, onBytes }: ReadFileOptions): Promise<void> {
  const patience = new Patience(transfer.entry.file, transfer.url, signal, transfer);
  try {
    await receiveRest(transfer, at, cache, patience, onBytes);
  } finally {
    patience.end();
  }
}

async function receiveRest(transfer: Transfer, at: Position, cache: RequestCache, patience: Patience, onBytes: ReadFileOptions["onBytes"]): Promise<void> {
  const { url, entry, bytes, part } = transfer;
  const { signal } = patience;
  const response = await requestRest(transfer, at, cache, signal);
  patience.renew();
  if (response.status !== 206 || at.loaded === 0) {
    // What is kept of an earlier transfer would not fit what comes now.
    if (at.loaded > 0) await part.clear();
    at.loaded = 0;
    at.validator = validatorOf(response);
  }
  const fields = { url: url.href, expected: entry.bytes };
  try {
    for await (const chunk of patience.piecesOf(response)) {
      if (at.loaded + chunk.byteLength > entry.bytes) {
        throw new CorruptShardError(entry.file, `it has more bytes where the manifest promises ${entry.bytes}.`, fields);
      }
      bytes.set(chunk, at.loaded);
      at.loaded += chunk.byteLength;
      onBytes?.(at.loaded);
      if (at.loaded < entry.bytes) await part.keep(bytes, at.loaded, at.validator);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof CorruptShardError) throw error;
    const where = { url: url.href, loaded: at.loaded, transient: true };
    throw new MissingShardError(entry.file, "the connection broke while it was read.", where, { cause: error });
  }
  if (at.loaded < entry.bytes) {
    // Without a Content-Length a broken connection can look like the end of the file.
    const transient = !response.headers.has("content-length");
    throw new CorruptShardError(entry.file, `it has only ${at.loaded} bytes where the manifest promises ${entry.bytes}.`, { ...fields, transient });
  }
}

async function requestRest({ url, entry, fetch, part }: Transfer, at: Position, cache: RequestCache, signal: AbortSignal): Promise<Response> {
  if (at.loaded === 0) return await request(url, entry.file, { fetch, cache, signal });
  const headers = { Range: `bytes=${at.loaded}-`, ...(at.validator === null ? {} : { "If-Range": at.validator }) };
  let response: Response | undefined;
  try {
    response = await request(url, entry.file, { fetch, cache: "no-store", headers, signal });
    if (response.status !== 206 || continues(response, at, entry)) return response;
  } catch (error) {
    // The server's file ends before ours does.
    if (!(error instanceof MissingShardError && error.fields.status === 416)) throw error;
  }
  await response?.body?.cancel();
  await part.clear();
  at.loaded = 0;
  return await request(url, entry.file, { fetch, cache: "reload", signal });
}

/** Whether a 206 is the rest of the very file that was begun. Of another origin's answer we may not see the headers: then the digest must tell. */
function continues(response: Response, { loaded, validator }: Position, entry: FileEntry): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (range && (Number(range[1]) !== loaded || (range[2] !== "*" && Number(range[2]) !== entry.bytes))) return false;
  const now = validatorOf(response);
  return validator === null || now === null || now === validator;
}

/** A weak ETag does not promise equal bytes and is not allowed in `If-Range`. */
function validatorOf(response: Response): Validator {
  if (response.type === "cors") return null;
  const etag = response.headers.get("etag");
  return etag !== null && !etag.startsWith("W/") ? etag : response.headers.get("last-modified");
}
