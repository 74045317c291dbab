/** What is stored of which models, for a page that shows it and lets people throw it away. */
import { readBlob } from "#core/byte-store.ts";
import { UnknownModelError } from "#core/errors.ts";
import { sha256Hex } from "#core/sha256.ts";
import type { ModelCheck, StoredModel } from "#core/stored-model.ts";
import { manifestUrl } from "./catalog.ts";
import { blobNames, type ModelStorage } from "./model-storage.ts";
import { Shelf } from "./shelf.ts";
import { filesOf, StoredManifests } from "./stored-manifests.ts";

/** Stored models, by their URL. */
export async function listStoredModels({ store }: ModelStorage): Promise<StoredModel[]> {
  const shelf = new Shelf(store, () => {});
  const stored = new Map((await store.list()).map(({ name, bytes }) => [name, bytes]));
  const models: StoredModel[] = [];
  for (const { url, manifest } of await new StoredManifests(shelf).list()) {
    // Equal pages of an embedding table are one file.
    const files = new Map(filesOf(manifest).map((file) => [file.sha256, file.bytes]));
    const ofTraining = blobNames.training(manifest.fingerprint);
    const isItsOwn = (name: string) => files.has(digestOf(name)) || name === blobNames.heads(manifest.fingerprint) || name.startsWith(ofTraining);
    const bytes = [...stored].reduce((sum, [name, size]) => (isItsOwn(name) ? sum + size : sum), 0);
    models.push({ url, name: manifest.name, fingerprint: manifest.fingerprint, bytes, totalBytes: [...files.values()].reduce((a, b) => a + b, 0) });
  }
  return models.sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** Reads all stored files of a model, and removes those that are damaged; they are downloaded again when they are needed. */
export async function verifyStoredModel(storage: ModelStorage, model: string, baseUrl: string): Promise<ModelCheck> {
  const { store } = storage;
  const manifest = await new StoredManifests(new Shelf(store, () => {})).read(manifestUrl(model, baseUrl));
  if (!manifest) throw await notStored(storage, model);
  const stored = new Set((await store.list("f-")).map(({ name }) => name));
  const damaged: string[] = [];
  let checked = 0;
  for (const entry of new Map(filesOf(manifest).map((file) => [file.sha256, file])).values()) {
    const name = blobNames.file(entry.sha256);
    if (!stored.has(name)) continue;
    checked++;
    const intact = await readBlob(store, name).then(
      async (bytes) => bytes.length === entry.bytes && (await sha256Hex(bytes)) === entry.sha256,
      () => false,
    );
    if (intact) continue;
    damaged.push(entry.file);
    await store.remove(name);
  }
  return { checked, damaged };
}

/** Removes a model, but for files that another stored model has as well. Does nothing when it is not stored. */
export async function removeStoredModel({ store }: ModelStorage, model: string, baseUrl: string): Promise<void> {
  await new StoredManifests(new Shelf(store, () => {})).remove(manifestUrl(model, baseUrl));
}

async function notStored(storage: ModelStorage, model: string): Promise<UnknownModelError> {
  const known = await listStoredModels(storage);
  return new UnknownModelError(
    model,
    known.map(({ url }) => url),
  );
}

/** The digest in the name of a file or of a piece of one. */
function digestOf(blobName: string): string {
  return /^[fp]-([0-9a-f]{64})/.exec(blobName)?.[1] ?? "";
}
