/** One GET of a model's file, with failures told in the model's words. It does not read the body. */
import { MissingShardError } from "#core/errors.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface RequestOptions {
  readonly fetch: Fetch;
  /** The HTTP cache mode. */
  readonly cache: RequestCache;
  /** Request headers: `Range` and `If-Range`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Answers that may be different a moment later. */
const TRANSIENT_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * @param file name for messages
 * @throws MissingShardError when the file is not to be had; its field `transient` says whether a second try makes sense. The signal's reason on abort.
 */
export async function request(url: URL, file: string, { fetch, cache, headers, signal }: RequestOptions): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url.href, { cache, ...(headers ? { headers } : {}), ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // What a `fetch` of our own says, it says better.
    if (error instanceof MissingShardError) throw error;
    throw new MissingShardError(
      file,
      `${url.href} could not be reached (network, CORS or Content-Security-Policy).`,
      { url: url.href, transient: true },
      { cause: error },
    );
  }
  if (!response.ok) {
    const { status } = response;
    throw new MissingShardError(file, `${url.href} answered with status ${status}.${status === 404 ? " Is the model folder published there?" : ""}`, {
      url: url.href,
      status,
      transient: TRANSIENT_STATUS.has(status),
      retryAfterMs: secondsIn(response.headers.get("retry-after")) * 1000,
    });
  }
  if (response.headers.get("content-type")?.startsWith("text/html")) {
    const reason = `${url.href} answered with an HTML page, as servers do for paths that they do not have. Is the model folder published there?`;
    throw new MissingShardError(file, reason, { url: url.href, status: response.status, html: true, transient: false });
  }
  return response;
}

/** `Retry-After` in seconds; 0 without one, and for its other form, a date. */
function secondsIn(value: string | null): number {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : 0;
}
