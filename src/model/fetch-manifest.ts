/**
 * The manifest: from its server where that answers, else as it was stored at an earlier visit. It is the one file that is not named by its content: the HTTP
 * cache must ask whether it is still the same.
 */
import { throwIfAborted } from "#core/abort.ts";
import { InvalidManifestError, MissingShardError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import { parseManifest } from "#core/parse-manifest.ts";
import { Backoff, type BackoffOptions, isTransient } from "./backoff.ts";
import { Patience, type PatienceOptions } from "./patience.ts";
import { type Fetch, request } from "./request.ts";
import type { NoticeListener } from "./shelf.ts";
import type { StoredManifests } from "./stored-manifests.ts";

export interface FetchManifestOptions extends BackoffOptions, PatienceOptions {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal | undefined;
  readonly stored?: StoredManifests | undefined;
  readonly onNotice: NoticeListener;
  /** The fingerprint that the manifest must have; a stored one that has it is taken without asking the server. */
  readonly revision?: string | undefined;
}

/** @throws MissingShardError, InvalidManifestError, the signal's reason */
export async function fetchManifest(url: URL, options: FetchManifestOptions): Promise<Manifest> {
  const { signal, stored, onNotice, revision } = options;
  const before = await stored?.read(url);
  throwIfAborted(signal);
  const isPinned = ({ fingerprint }: Manifest) => revision === undefined || fingerprint === revision;
  if (before && revision !== undefined && isPinned(before)) return before;
  try {
    // With a stored one at hand nobody waits for a server that is away.
    const json = await fetchJson(url, options, new Backoff(before ? { ...options, retries: 0 } : options));
    const manifest = parseManifest(json);
    if (!isPinned(manifest)) throw otherRevision(url, manifest, revision);
    await stored?.write(url, json, before !== undefined);
    return manifest;
  } catch (error) {
    if (signal?.aborted || !before || !isPinned(before) || !isAway(error)) throw error;
    onNotice({ code: "offline", message: `The stored model is used, without asking for a newer one: ${(error as Error).message}` });
    return before;
  }
}

function otherRevision(url: URL, { fingerprint }: Manifest, revision: string | undefined): InvalidManifestError {
  const reason = `${url.href} has revision ${fingerprint}, but ${revision} was asked for. Publish that one, or ask for the one that is there.`;
  return new InvalidManifestError(reason, { url: url.href, expected: revision, received: fingerprint });
}

async function fetchJson(url: URL, options: FetchManifestOptions, backoff: Backoff): Promise<unknown> {
  const { fetch, signal } = options;
  for (;;) {
    const patience = new Patience("manifest.json", url, signal, options);
    try {
      const response = await request(url, "manifest.json", { fetch, cache: "no-cache", signal: patience.signal });
      patience.renew();
      return parseJson(await textOf(response, url, patience), url);
    } catch (error) {
      patience.end();
      throwIfAborted(signal);
      if (!isTransient(error)) throw error;
      await backoff.pause(error, signal);
    } finally {
      patience.end();
    }
  }
}

async function textOf(response: Response, url: URL, patience: Patience): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const piece of patience.piecesOf(response)) text += decoder.decode(piece, { stream: true });
    return text + decoder.decode();
  } catch (error) {
    if (patience.signal.aborted) throw patience.signal.reason;
    throw new MissingShardError("manifest.json", "the connection broke while it was read.", { url: url.href, transient: true }, { cause: error });
  }
}

function parseJson(text: string, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidManifestError(`${url.href} is not JSON.`, { url: url.href }, { cause: error });
  }
}

/** No network, a server in trouble, or a page that a captive portal puts in the way. A model that was taken down (404) is not away. */
function isAway(error: unknown): boolean {
  return isTransient(error) || (error instanceof MissingShardError && error.fields.html === true);
}
