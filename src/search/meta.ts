/**
 * The meta file: which segments the index consists of. It is the only file that is ever replaced, and always the last one that a change writes, so the index is
 * what the last meta file says.
 *
 * Attributes: generation, settings, fields (name → type), nextName (numbers names of files), segments.
 */
import type { ByteStore } from "#core/byte-store.ts";
import { MissingBlobError } from "#core/errors.ts";
import type { FieldTypes } from "./fields/field-types.ts";
import { SectionFile, SectionWriter } from "./format/section-file.ts";
import type { SegmentSizes } from "./segment/write-segment.ts";
import type { IndexSettings } from "./settings.ts";

export const META_FILE = "meta";

export interface SegmentEntry {
  readonly name: string;
  readonly documents: number;
  readonly files: SegmentSizes;
  /** Name of the deletions' file, null when none is deleted. */
  readonly deletions: string | null;
  readonly deleted: number;
}

export interface IndexMeta {
  /** Grows by one with every change. */
  readonly generation: number;
  readonly settings: IndexSettings;
  readonly fields: FieldTypes;
  /** The next number for a name: names of files are never used twice. */
  readonly nextName: number;
  readonly segments: readonly SegmentEntry[];
}

/** How often to begin again when another tab replaces the meta file while it is read. */
const READ_TRIES = 10;

/** The meta file, or undefined where there is no index yet. @throws CorruptIndexError; NewerIndexError */
export async function readMeta(store: ByteStore): Promise<IndexMeta | undefined> {
  for (let attempt = 1; ; attempt++) {
    if ((await store.size(META_FILE)) === undefined) return undefined;
    try {
      return await readMetaOnce(store);
    } catch (error) {
      if (!(error instanceof MissingBlobError) || attempt === READ_TRIES) throw error;
    }
  }
}

async function readMetaOnce(store: ByteStore): Promise<IndexMeta> {
  const file = await SectionFile.open(store, META_FILE, "meta");
  file.close();
  const meta = file.attributes as unknown as IndexMeta;
  if (!Number.isSafeInteger(meta.generation) || !Array.isArray(meta.segments) || typeof meta.settings !== "object")
    throw file.corrupt("it lacks what a meta file has.");
  return meta;
}

/** Replaces the meta file: with this the change is made. */
export async function writeMeta(store: ByteStore, meta: IndexMeta): Promise<void> {
  const writer = await SectionWriter.create(store, META_FILE, "meta");
  try {
    await writer.finish(meta as unknown as Readonly<Record<string, unknown>>);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Every file that a meta file names, itself included. */
export function referencedFiles(meta: IndexMeta): Set<string> {
  const names = new Set([META_FILE]);
  for (const { name, files, deletions } of meta.segments) {
    for (const part of Object.keys(files)) names.add(`${name}.${part}`);
    if (deletions !== null) names.add(deletions);
  }
  return names;
}

/** Names from a number: they sort as they were made. */
export function numberedName(kind: "segment" | "deletions", number: number): string {
  return `${kind}-${number.toString(36).padStart(6, "0")}`;
}
