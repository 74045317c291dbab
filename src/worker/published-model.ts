/**
 * A published ONNX repository as a model, without `build-model`: its files from the cache of transformers.js, the page's own origin or the user's disk. The code that reads
 * such folders is the builder's, which comes when it is asked for: pages of other models never load it.
 */
import { CorruptShardError, InvalidCheckpointError, InvalidManifestError } from "#core/errors.ts";
import type { LoadedModel } from "#core/loaded-model.ts";
import type { ProgressListener } from "#core/progress.ts";
import type { PublishedModel } from "#core/published-models.ts";
import { findPublishedFiles, type PublishedFiles } from "#model/published-files.ts";
import type { ModelFolder } from "./protocol.ts";

export interface PublishedOptions {
  readonly baseUrl: string;
  /** The fingerprint that the model must have. */
  readonly revision?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: ProgressListener | undefined;
  /** Default: the worker's own. */
  readonly caches?: Pick<CacheStorage, "has" | "open"> | undefined;
}

/** @throws MissingShardError, CorruptShardError, InvalidCheckpointError, UnsupportedModelError, InvalidManifestError (another fingerprint), the signal's reason */
export async function openPublishedModel(model: PublishedModel, options: PublishedOptions): Promise<LoadedModel> {
  const { baseUrl, signal, onProgress, caches = globalThis.caches } = options;
  const files = await findPublishedFiles(model, { baseUrl, fetch: (url, init) => globalThis.fetch(url, init), caches, signal, onProgress });
  const { repository, revision, license } = model;
  const source = revision === null ? repository : `${repository} at ${revision}`;
  return await open(files, options, model.file, { name: repository, license, source });
}

/** Undefined for a folder that has a manifest.json, and so is loaded as one from a server. @throws as {@link openPublishedModel} */
export async function openPublishedFolder(folder: ModelFolder, options: PublishedOptions): Promise<LoadedModel | undefined> {
  const files = "handle" in folder ? await filesBelow(folder.handle) : new Map(folder.paths.map((path, index) => [path, folder.files[index]!]));
  return files.has("manifest.json") ? undefined : await open(files, options);
}

async function open(files: PublishedFiles, options: PublishedOptions, file?: string, settings?: Record<"name" | "license" | "source", string>) {
  const { openOnnxFolder } = await import("#builder/open-onnx-folder.ts");
  const { signal, onProgress, revision } = options;
  const model = await openOnnxFolder(sourceOf(files), { file, settings, signal, onProgress });
  const { fingerprint } = model.manifest;
  if (revision === undefined || revision === fingerprint) return model;
  throw new InvalidManifestError(`its files have the fingerprint ${fingerprint}, but ${revision} was asked for. Use those files, or ask for this one.`, {
    expected: revision,
    received: fingerprint,
  });
}

/** One level of folders deep, where ONNX files are. */
async function filesBelow(handle: FileSystemDirectoryHandle, prefix = ""): Promise<Map<string, Blob>> {
  const files = new Map<string, Blob>();
  for await (const [name, entry] of handle.entries()) {
    if (entry.kind === "file") files.set(prefix + name, await (entry as FileSystemFileHandle).getFile());
    else if (prefix === "") for (const file of await filesBelow(entry as FileSystemDirectoryHandle, `${name}/`)) files.set(...file);
  }
  return files;
}

function sourceOf(files: PublishedFiles) {
  const blobOf = (file: string) => {
    const blob = files.get(file);
    if (!blob) throw new InvalidCheckpointError(`there is no ${file} in its folder.`, { file });
    return blob;
  };
  return {
    list: async () => [...files.keys()],
    size: async (file: string) => blobOf(file).size,
    async read(file: string, offset: number, length: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
      signal?.throwIfAborted();
      const bytes = new Uint8Array(
        await blobOf(file)
          .slice(offset, offset + length)
          .arrayBuffer(),
      );
      if (bytes.length !== length) throw new CorruptShardError(file, `it ends at byte ${offset + bytes.length}.`);
      return bytes;
    },
  };
}
