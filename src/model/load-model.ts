/**
 * Opens a model from its server and from what is stored of it: gets and checks the manifest, starts to read what every encode needs (layers, heads,
 * vocabulary), and leaves the pages of the embedding table for when a token asks for them.
 */
import { throwIfAborted } from "#core/abort.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { FileEntry, Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { BackoffOptions } from "./backoff.ts";
import { manifestUrl } from "./catalog.ts";
import { DownloadProgress } from "./download-progress.ts";
import { fetchManifest } from "./fetch-manifest.ts";
import { httpFiles } from "./http-files.ts";
import { limit } from "./limit.ts";
import { blobNames, type ModelStorage } from "./model-storage.ts";
import type { PatienceOptions } from "./patience.ts";
import type { Fetch } from "./request.ts";
import { ShardTensors } from "./shard-tensors.ts";
import { SharedWork } from "./shared-work.ts";
import { type NoticeListener, Shelf } from "./shelf.ts";
import { storedFiles } from "./stored-files.ts";
import { StoredManifests } from "./stored-manifests.ts";

/** Downloads at a time: as many connections as browsers hold to a host over HTTP/1.1. More would only wait in the browser, out of reach of an abort. */
const PARALLEL_DOWNLOADS = 6;

export interface LoadModelOptions extends BackoffOptions, PatienceOptions {
  /** Absolute URL that the model's name or path is resolved against. */
  readonly baseUrl: string;
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined;
  /** The fingerprint that the model must have. Default: whichever the server has. */
  readonly revision?: string | undefined;
  /** What is read at once: all that every encode needs, or the vocabulary alone, for whoever only tokenises. Default "all". */
  readonly start?: "all" | "tokenizer" | undefined;
  /** Ends the manifest's download and the downloads that it starts; later reads have signals of their own. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of all files asked for so far; grows beyond the first total when pages of the embedding table are needed. */
  readonly onProgress?: ProgressListener | undefined;
  /** Opens where the model is kept; when that fails, it is kept in memory only, and a notice says so. Default: nowhere. */
  readonly openStorage?: (() => Promise<ModelStorage>) | undefined;
}

/**
 * @param model a name of the catalogue, or the URL or path of a manifest
 * @returns as soon as the manifest is there; the first downloads go on, and reads wait for theirs
 * @throws UnknownModelError, MissingShardError (the manifest is not to be had), InvalidManifestError; the signal's reason
 */
export async function loadModel(model: string, options: LoadModelOptions): Promise<LoadedModel> {
  const { baseUrl, fetch = (url, init) => globalThis.fetch(url, init), signal, onProgress = () => {} } = options;
  throwIfAborted(signal);
  const url = manifestUrl(model, baseUrl);
  const progress = new DownloadProgress(onProgress);
  const onNotice: NoticeListener = (notice) => progress.notice(notice);
  const storage = await openStorage(options, onNotice);
  const shelf = storage && new Shelf(storage.store, onNotice);
  const backoff = { retryDelayMs: options.retryDelayMs, retries: options.retries, stallMs: options.stallMs };
  const manifest = await fetchManifest(url, { ...backoff, fetch, signal, stored: shelf && new StoredManifests(shelf), onNotice, revision: options.revision });

  const shards = options.start === "tokenizer" ? [] : alwaysNeeded(manifest);
  const needed = [manifest.tokenizer, ...shards.map((shard) => manifest.shards[shard]!)];
  if (storage && shelf) await checkRoom(storage, shelf, needed);
  const download = httpFiles(url, { ...backoff, fetch });
  const readFile = storage && shelf ? storedFiles({ shelf, locks: storage.locks, download, onNotice }) : download;
  const inTurn = limit(PARALLEL_DOWNLOADS);
  const read = (entry: FileEntry, readSignal: AbortSignal) => {
    progress.expect(entry);
    return inTurn(() => readFile(entry, { signal: readSignal, onBytes: (loaded, wereHere) => progress.advance(entry, loaded, wereHere) }));
  };

  for (const entry of needed) progress.expect(entry);
  const isAtHand = async ({ sha256, bytes }: FileEntry) => (await shelf?.size(blobNames.file(sha256))) === bytes;
  const tensors = new ShardTensors(manifest, read, { isAtHand });
  const tokenizer = new SharedWork((whenAbandoned) => read(manifest.tokenizer, whenAbandoned));
  // Whoever reads later meets the failure of its file, or tries again.
  for (const download of [tokenizer.wait(signal), ...shards.map((shard) => tensors.prefetch(shard, { signal }))]) download.catch(() => {});
  return { manifest, tensors, readTokenizer: ({ signal: readSignal } = {}) => tokenizer.wait(readSignal) };
}

/** Shards with any tensor but the pages of the embedding table, in the order of the artefact. */
function alwaysNeeded(manifest: Manifest): number[] {
  const shards = Object.values(manifest.tensors).flatMap(({ parts }) => parts.map(({ shard }) => shard));
  return [...new Set(shards)].sort((a, b) => a - b);
}

async function openStorage(options: LoadModelOptions, onNotice: NoticeListener): Promise<ModelStorage | undefined> {
  // Outside a secure context no file can be checked, which the first one that is read will tell.
  if (!globalThis.crypto?.subtle) return undefined;
  try {
    return await options.openStorage?.();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onNotice({ code: "storage-unavailable", message: `The model is kept in memory only, and will be downloaded again: ${reason}` });
    return undefined;
  }
}

/** Does not begin to fill a store that has no room for what is missing. What the browser says is an estimate: writing may still fail. */
async function checkRoom(storage: ModelStorage, shelf: Shelf, needed: readonly FileEntry[]): Promise<void> {
  const free = await storage.freeBytes().catch(() => undefined);
  if (free === undefined) return;
  const sizes = await Promise.all(needed.map(async ({ sha256, bytes }) => ((await shelf.size(blobNames.file(sha256))) === undefined ? bytes : 0)));
  const missing = sizes.reduce((sum, bytes) => sum + bytes, 0);
  if (missing <= free) return;
  const message = `The model is kept in memory only, and will be downloaded again: it needs ${missing} bytes more, and ${free} may be stored.`;
  shelf.stopWriting({ code: "storage-full", message });
}
