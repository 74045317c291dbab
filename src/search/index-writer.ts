/**
 * Makes changes to an index: new segments and deletions are written first, under names that nobody reads; the meta file that names them is replaced last. So a
 * change happens as a whole or not at all, whenever the program ends.
 *
 * Whoever calls holds the writer lock.
 */
import { throwIfAborted } from "#core/abort.ts";
import type { ByteStore } from "#core/byte-store.ts";
import { IndexConflictError } from "#core/errors.ts";
import type { ProgressListener } from "#core/progress.ts";
import { checkDocuments, type IndexDocument } from "./document.ts";
import { extendFieldTypes, type FieldTypes } from "./fields/field-types.ts";
import type { Location } from "./locate.ts";
import { chooseMerge, type SegmentSize, withinBytes } from "./merge-policy.ts";
import { type IndexMeta, numberedName, readMeta, type SegmentEntry, writeMeta } from "./meta.ts";
import { SegmentBuilder } from "./segment/builder.ts";
import { mergeSource } from "./segment/merge.ts";
import { nextTurn } from "./segment/pacer.ts";
import { writeSegment } from "./segment/write-segment.ts";
import type { IndexSettings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}

/** A segment is written when about this much is held in memory. */
const SEGMENT_BYTES = 64 << 20;
/** How many documents are encoded before others get a turn, and progress is told. */
const DOCUMENTS_PER_TURN = 64;

export class IndexWriter {
  readonly #store: ByteStore;
  readonly #name: string;
  readonly #base: IndexMeta;
  #nextName: number;

  /** @param name of the index, for messages @param base what the change starts from */
  constructor(store: ByteStore, name: string, base: IndexMeta) {
    this.#store = store;
    this.#name = name;
    this.#base = base;
    this.#nextName = base.nextName;
  }

  /** Adds checked documents and deletes others, in one change. @returns the new meta */
  async apply(snapshot: Snapshot, documents: readonly IndexDocument[], deleted: readonly Location[], options: WriteOptions): Promise<IndexMeta> {
    const fields = extendFieldTypes(this.#base.fields, documents);
    const added = await this.#writeDocuments(documents, fields, this.#base.settings, options);
    const kept = await this.#delete(snapshot, deleted);
    return await this.#commit([...kept, ...added], fields, this.#base.settings, options.signal);
  }

  /** An index of other settings and other documents in the place of all that there is, in one change. @returns the new meta */
  async replaceAll(settings: IndexSettings, portions: AsyncIterable<readonly IndexDocument[]>, options: WriteOptions): Promise<IndexMeta> {
    const segments: SegmentEntry[] = [];
    let fields: FieldTypes = {};
    for await (const documents of portions) {
      checkDocuments(documents, settings);
      fields = extendFieldTypes(fields, documents);
      segments.push(...(await this.#writeDocuments(documents, fields, settings, options)));
    }
    return await this.#commit(segments, fields, settings, options.signal);
  }

  /** Joins segments where the policy says so, once. @returns the new meta, or undefined when there was nothing to do */
  async mergeOnce(snapshot: Snapshot, options: WriteOptions): Promise<IndexMeta | undefined> {
    return await this.#merge(snapshot, chooseMerge(sizesOf(snapshot)), options);
  }

  /** Joins all segments into as few as may be. @returns the new meta, or undefined when there was nothing to do */
  async mergeAll(snapshot: Snapshot, options: WriteOptions): Promise<IndexMeta | undefined> {
    const sizes = sizesOf(snapshot);
    const first = sizes.findIndex(({ deleted }, index) => deleted > 0 || withinBytes(sizes.slice(index)).length > 1);
    if (first < 0) return undefined;
    const names = withinBytes(sizes.slice(first)).map(({ name }) => name);
    return await this.#merge(snapshot, names.length > 0 ? names : [sizes[first]!.name], options);
  }

  async #writeDocuments(
    documents: readonly IndexDocument[],
    fields: FieldTypes,
    settings: IndexSettings,
    { signal, onProgress }: WriteOptions,
  ): Promise<SegmentEntry[]> {
    const entries: SegmentEntry[] = [];
    let builder = new SegmentBuilder(settings);
    const flush = async () => {
      if (builder.documents === 0) return;
      const name = this.#newName("segment");
      const files = await writeSegment(this.#store, name, settings, builder.source(fields), signal);
      entries.push({ name, documents: builder.documents, files, deletions: null, deleted: 0 });
      builder = new SegmentBuilder(settings);
    };
    for (const [index, document] of documents.entries()) {
      builder.add(document);
      if (builder.bytes >= SEGMENT_BYTES) await flush();
      if ((index + 1) % DOCUMENTS_PER_TURN > 0 && index + 1 < documents.length) continue;
      onProgress?.({ phase: "index", loaded: index + 1, total: documents.length, unit: "texts" });
      await nextTurn();
      throwIfAborted(signal);
    }
    await flush();
    return entries;
  }

  /** The segments that stay, with more documents deleted. A segment of which nothing is left does not stay. */
  async #delete(snapshot: Snapshot, deleted: readonly Location[]): Promise<SegmentEntry[]> {
    const kept: SegmentEntry[] = [];
    for (const [index, { entry, deletions }] of snapshot.segments.entries()) {
      const documents = deleted.filter(({ segment }) => segment === index).map(({ document }) => document);
      if (documents.length === 0) {
        kept.push(entry);
        continue;
      }
      const more = deletions.with(documents);
      if (more.count === entry.documents) continue;
      const name = this.#newName("deletions");
      await more.write(this.#store, name);
      kept.push({ ...entry, deletions: name, deleted: more.count });
    }
    return kept;
  }

  async #merge(snapshot: Snapshot, names: readonly string[], { signal }: WriteOptions): Promise<IndexMeta | undefined> {
    if (names.length === 0) return undefined;
    const members = snapshot.segments.filter(({ entry }) => names.includes(entry.name));
    const source = await mergeSource(members, this.#base.fields);
    throwIfAborted(signal);
    const name = this.#newName("segment");
    const files = await writeSegment(this.#store, name, this.#base.settings, source, signal);
    const merged: SegmentEntry = { name, documents: source.documents, files, deletions: null, deleted: 0 };
    // In the place of the first one: documents keep their order.
    const segments = snapshot.segments.flatMap(({ entry }) => (entry === members[0]?.entry ? [merged] : names.includes(entry.name) ? [] : [entry]));
    return await this.#commit(segments, this.#base.fields, this.#base.settings, signal);
  }

  async #commit(segments: readonly SegmentEntry[], fields: FieldTypes, settings: IndexSettings, signal: AbortSignal | undefined): Promise<IndexMeta> {
    const meta: IndexMeta = { generation: this.#base.generation + 1, settings, fields, nextName: this.#nextName, segments };
    throwIfAborted(signal);
    const stored = await readMeta(this.#store);
    if ((stored?.generation ?? 0) !== this.#base.generation) throw new IndexConflictError(this.#name);
    await writeMeta(this.#store, meta);
    return meta;
  }

  #newName(kind: "segment" | "deletions"): string {
    return numberedName(kind, this.#nextName++);
  }
}

/**
 * Removes files of segments and deletions but those to keep. What cannot be removed now is removed after the next change.
 */
export async function removeUnused(store: ByteStore, keep: ReadonlySet<string>): Promise<void> {
  const entries = await Promise.all([store.list("segment-"), store.list("deletions-")]);
  await Promise.all(entries.flat().map(async ({ name }) => (keep.has(name) ? undefined : store.remove(name).catch(() => undefined))));
}

function sizesOf(snapshot: Snapshot): SegmentSize[] {
  return snapshot.segments.map(({ entry, deletions }) => ({
    name: entry.name,
    live: entry.documents - deletions.count,
    deleted: deletions.count,
    bytes: Object.values(entry.files).reduce((sum: number, bytes) => sum + (bytes ?? 0), 0),
  }));
}
