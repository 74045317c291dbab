/**
 * The files of a published ONNX repository, from where a page may have them: what transformers.js put into its cache, else a folder of the page's own origin (or of one
 * that the caller names). Nothing is asked of the hub.
 *
 * transformers.js 4.3 keeps each file in the Cache API's cache "transformers-cache", under the URL `<host>/<owner>/<name>/resolve/<revision>/<path>` whatever its host (the
 * hub, or a mirror of it); one from a local folder under that folder's, `/models/<owner>/<name>/<path>`. Nobody checks what lies there: a connection that broke off leaves
 * a file that is too short. So nothing of it is used before its digest is checked where that is known, and its size in any case.
 */
import { CorruptShardError, MissingShardError } from "#core/errors.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { PublishedFile, PublishedModel } from "#core/published-models.ts";
import { sha256Hex } from "#core/sha256.ts";
import { type Fetch, request } from "./request.ts";

/** transformers.js' `env.cacheKey`. */
const CACHE = "transformers-cache";

export interface PublishedFilesOptions {
  /** Absolute URL below which `models/<owner>/<name>/<path>` lies. */
  readonly baseUrl: string;
  readonly fetch: Fetch;
  /** Where caches are; undefined where there are none. */
  readonly caches?: Pick<CacheStorage, "has" | "open"> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** Files in the order of the entry; an optional one that is nowhere is left out. Blobs, so that large ones need not be in memory. */
export type PublishedFiles = ReadonlyMap<string, Blob>;

/** @throws MissingShardError, CorruptShardError (a server's file that is not the pinned one), the signal's reason */
export async function findPublishedFiles(model: PublishedModel, options: PublishedFilesOptions): Promise<PublishedFiles> {
  const { signal, onProgress } = options;
  const kept = await openCache(options.caches);
  const found = new Map<string, Blob>();
  const total = model.files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  let loaded = 0;
  for (const file of model.files) {
    signal?.throwIfAborted();
    const told = (message: string) =>
      onProgress?.({ phase: "download", loaded, total, unit: "bytes", file: file.path, notice: { code: "stored-file-damaged", message } });
    const blob = (kept && (await fromCache(kept, model, file, told))) ?? (await fromServer(model, file, options));
    if (!blob) continue;
    found.set(file.path, blob);
    loaded += blob.size;
    onProgress?.({ phase: "download", loaded, total: Math.max(total, loaded), unit: "bytes", file: file.path });
  }
  return found;
}

/** A cache, and the URLs of what it has. */
interface Kept {
  readonly cache: Cache;
  readonly urls: readonly string[];
}

async function openCache(caches: PublishedFilesOptions["caches"]): Promise<Kept | undefined> {
  try {
    // `open` would make an empty one.
    if (!(await caches?.has(CACHE))) return undefined;
    const cache = await caches!.open(CACHE);
    return { cache, urls: (await cache.keys()).map(({ url }) => url) };
  } catch {
    // In some frames caches are there, and may not be used.
    return undefined;
  }
}

/** Undefined when it is not there, or not whole. What is damaged stays where it is: the cache is another library's. */
async function fromCache({ cache, urls }: Kept, model: PublishedModel, file: PublishedFile, onDamaged: (message: string) => void): Promise<Blob | undefined> {
  for (const end of endings(model, file)) {
    for (const url of urls.filter((one) => new URL(one).pathname.endsWith(encodeURI(end)))) {
      const response = await cache.match(url).catch(() => undefined);
      if (response?.status !== 200) continue;
      const stated = response.headers.get("content-length");
      const blob = await response.blob();
      const problem =
        (await problemOf(blob, file)) ?? (stated !== null && Number(stated) !== blob.size ? `it has ${blob.size} bytes instead of ${stated}.` : null);
      if (problem === null) return blob;
      onDamaged(`A file that transformers.js has kept is not used: ${file.path}: ${problem}`);
    }
  }
  return undefined;
}

/** How the paths of a file's URLs end, the pinned revision's first. */
function endings(model: PublishedModel, file: PublishedFile): string[] {
  const repository = file.repository ?? model.repository;
  const pinned = file.repository === undefined ? model.revision : (file.revision ?? null);
  const revisions = [...(pinned === null ? [] : [pinned]), "main"];
  return [...revisions.map((revision) => `/${repository}/resolve/${revision}/${file.path}`), `/models/${repository}/${file.path}`];
}

/** Below the repository that the file is of, or below the one that it is needed for. */
async function fromServer(model: PublishedModel, file: PublishedFile, { baseUrl, fetch, signal }: PublishedFilesOptions): Promise<Blob | undefined> {
  const repositories = [...new Set([file.repository ?? model.repository, model.repository])];
  let missing: unknown;
  for (const repository of repositories) {
    const url = new URL(`models/${repository}/${file.path}`, baseUrl);
    let blob: Blob;
    try {
      blob = await (await request(url, file.path, { fetch, cache: "default", signal })).blob();
    } catch (error) {
      signal?.throwIfAborted();
      missing ??= error;
      continue;
    }
    const problem = await problemOf(blob, file);
    if (problem !== null) throw new CorruptShardError(file.path, `${url.href}: ${problem}`);
    return blob;
  }
  if (file.optional) return undefined;
  const reason =
    `it is neither in the cache of transformers.js nor below ${baseUrl}. Download ${file.repository ?? model.repository}, and publish its folder as ` +
    `models/${model.repository}/ beside the page, choose it from the disk, or make a model of it (bge-m3-web build-model).`;
  throw new MissingShardError(file.path, reason, { repository: model.repository }, { cause: missing });
}

/** What is wrong with it; null when its digest, or where that is not known its size, is the pinned one's, and for a file of which nothing is known. */
async function problemOf(blob: Blob, { bytes, sha256 }: PublishedFile): Promise<string | null> {
  if (bytes !== null && blob.size !== bytes) return `it has ${blob.size} bytes instead of ${bytes}.`;
  if (sha256 === null) return null;
  const digest = await sha256Hex(new Uint8Array(await blob.arrayBuffer()));
  return digest === sha256 ? null : "its SHA-256 digest is not the published one.";
}
