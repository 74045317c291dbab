/**
 * Makes the index of one language from its documents, or brings the one before up to date: what has not changed keeps its vectors. Everything happens in a
 * folder of its own, so that an end in between leaves the published index as it was.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { readBlob } from "#core/byte-store.ts";
import { IndexMismatchError, InvalidInputError } from "#core/errors.ts";
import type { Manifest } from "#core/manifest.ts";
import type { ProgressListener } from "#core/progress.ts";
import { WEIGHT_FIELD } from "#core/section-weight.ts";
import { noLock } from "#core/writer-lock.ts";
import type { M3Encoder } from "#encoder/encoder.ts";
import { countScripts } from "#search/cross-lingual.ts";
import { readMeta, referencedFiles } from "#search/meta.ts";
import type { SiteDocument } from "#site/documents.ts";
import type { LanguageIndex } from "#texts/published-index.ts";
import { TextIndex } from "#texts/text-index.ts";
import type { IndexShape, StoredDocument } from "#texts/types.ts";
import { FolderStore } from "../folder-store.ts";

export interface BuildIndexOptions {
  readonly encoder: M3Encoder;
  readonly manifest: Manifest;
  readonly shape: IndexShape;
  /** The published index of the language and the folder of its blobs, if there is one of this model. */
  readonly before: { readonly folder: string; readonly index: LanguageIndex } | null;
  /** Where to build: an empty folder. */
  readonly folder: string;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

export interface BuiltIndex extends Omit<LanguageIndex, "folder"> {
  /** SHA-256 of all blobs with their names: 16 hexadecimal digits. */
  readonly digest: string;
  /** Documents that were encoded, that were as before, and that are gone. */
  readonly changes: { readonly encoded: number; readonly unchanged: number; readonly removed: number };
}

/** @throws what encoding and writing throw; the signal's reason */
export async function buildIndex(documents: readonly SiteDocument[], options: BuildIndexOptions): Promise<BuiltIndex> {
  try {
    return await bringUpToDate(documents, options);
  } catch (error) {
    // A field has another type than in the index before, whose fields are fixed: only a new one can have it.
    if (!(error instanceof InvalidInputError) || !options.before) throw error;
    await empty(options.folder);
    return await bringUpToDate(documents, { ...options, before: null });
  }
}

async function bringUpToDate(documents: readonly SiteDocument[], options: BuildIndexOptions): Promise<BuiltIndex> {
  const { encoder, folder, onProgress, signal } = options;
  const index = await openBefore(options);
  try {
    const wanted = new Map(documents.map((document) => [document.id, document]));
    const gone = (await index.ids()).filter((id) => !wanted.has(id));
    const there = await index.get([...wanted.keys()]);
    const changed = documents.filter((document, place) => !isSame(document, there[place]));
    if (gone.length > 0) await index.remove(gone, { encoder, signal });
    // A call is known by what it adds: the same site gives the same bytes.
    const key = createHash("sha256").update(JSON.stringify(documents)).digest("hex").slice(0, 16);
    if (changed.length > 0) await index.add(changed, { kind: "update", key, encoder, signal, onProgress });
    await index.optimize({ encoder, signal });
    const { documents: count, passages } = await index.info();
    const changes = { encoded: changed.length, unchanged: documents.length - changed.length, removed: gone.length };
    const weighted = documents.some(({ fields }) => fields?.[WEIGHT_FIELD] !== undefined);
    const scripts = Object.fromEntries(countScripts(documents.map(({ text }) => text)));
    return { documents: count, passages, scripts, ...(weighted ? { weighted } : {}), changes, ...(await contentOf(folder)) };
  } finally {
    await index.close();
  }
}

async function openBefore({ manifest, shape, before, folder }: BuildIndexOptions): Promise<TextIndex> {
  const open = async (at: string) => TextIndex.open({ name: "site", shape }, { manifest, store: await FolderStore.open(at), lock: noLock });
  if (!before) return await open(folder);
  await mkdir(folder, { recursive: true });
  for (const name of Object.keys(before.index.blobs)) await copyFile(path.join(before.folder, name), path.join(folder, name));
  try {
    return await open(folder);
  } catch (error) {
    // Made with other settings: nothing of it can be kept. (Other failures are told: the published index is damaged.)
    if (!(error instanceof IndexMismatchError)) throw error;
    await empty(folder);
    return await open(folder);
  }
}

async function empty(folder: string): Promise<void> {
  const store = await FolderStore.open(folder);
  for (const { name } of await store.list()) await store.remove(name);
}

function isSame({ id, title, text, url, fields }: SiteDocument, stored: StoredDocument | undefined): boolean {
  return stored !== undefined && JSON.stringify({ id, title: title || undefined, text, url, fields }) === JSON.stringify(sorted(stored));
}

/** In the order of keys that is compared. */
function sorted({ id, title, text, url, fields }: StoredDocument): StoredDocument {
  return { id, title, text, url, fields };
}

/** What is published of the folder; the rest is removed. */
async function contentOf(folder: string): Promise<{ blobs: Record<string, number>; digest: string }> {
  const store = await FolderStore.open(folder);
  const meta = await readMeta(store);
  const counting = meta ? referencedFiles(meta) : new Set<string>();
  const hash = createHash("sha256");
  const blobs: Record<string, number> = {};
  for (const { name, bytes } of await store.list()) {
    // Of the state before the last change, for readers of a living index.
    if (!counting.has(name)) {
      await store.remove(name);
      continue;
    }
    hash.update(`${name}\0${bytes}\0`).update(await readBlob(store, name));
    blobs[name] = bytes;
  }
  return { blobs, digest: hash.digest("hex").slice(0, 16) };
}
