/** Several segments as the source of one: what is not deleted, in the same order, byte for byte. Only the sketch is made anew, for it has a new centre. */
import type { FieldTypes } from "../fields/field-types.ts";
import { LIST_END, type ListCursor } from "../postings/list-cursor.ts";
import type { PostingsFile } from "../postings/postings-file.ts";
import { rowBytes } from "../vectors/dense-format.ts";
import type { TokenForm } from "../vectors/token-record.ts";
import type { Deletions } from "./deletions.ts";
import type { SegmentFiles } from "./segment-files.ts";
import type { SegmentSource, TermLists } from "./source.ts";

export interface MergedSegment {
  readonly files: SegmentFiles;
  readonly deletions: Deletions;
}

/** A document that is not in the merged segment. */
const GONE = 0xffff_ffff;

interface Part {
  readonly files: SegmentFiles;
  /** Number in the merged segment of each document. */
  readonly places: Uint32Array;
}

export async function mergeSource(segments: readonly MergedSegment[], types: FieldTypes): Promise<SegmentSource> {
  let documents = 0;
  const parts: Part[] = segments.map(({ files, deletions }) => ({
    files,
    places: Uint32Array.from({ length: deletions.documents }, (_, document) => (deletions.has(document) ? GONE : documents++)),
  }));
  const first = parts[0]?.files;
  const { lexical, words } = first ?? {};
  return {
    documents,
    records: () => kept(parts, ({ documents: file }) => file.records()),
    fields: await mergeColumns(parts, types, documents),
    denseRows: first?.dense ? () => keptRows(parts) : null,
    lexical: lexical ? mergeLists(parts, ({ lexical: file }) => file!) : null,
    words: words ? { lists: mergeLists(parts, ({ words: file }) => file!), lengths: await mergeLengths(parts, documents) } : null,
    tokens: first?.tokens ? mergeTokens(parts, first.tokens.form, documents) : null,
  };
}

/** The items of documents that stay. */
async function* kept<T>(parts: readonly Part[], items: (files: SegmentFiles) => AsyncIterable<T>): AsyncGenerator<T> {
  for (const { files, places } of parts) {
    let document = 0;
    for await (const item of items(files)) if (places[document++] !== GONE) yield item;
  }
}

async function* keptRows(parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  for (const { files, places } of parts) {
    const stride = rowBytes(files.dense!.dim);
    let document = 0;
    for await (const chunk of files.dense!.rows()) {
      let end = 0;
      for (let at = 0; at < chunk.length; at += stride) {
        if (places[document++] === GONE) continue;
        if (end !== at) chunk.copyWithin(end, at, at + stride);
        end += stride;
      }
      if (end > 0) yield chunk.subarray(0, end);
    }
  }
}

async function mergeColumns(parts: readonly Part[], types: FieldTypes, documents: number): Promise<SegmentSource["fields"]> {
  const fields: SegmentSource["fields"][number][] = [];
  for (const [name, type] of Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const columns = await Promise.all(parts.map(async ({ files, places }) => ({ column: await files.documents.column(name), places })));
    if (columns.every(({ column }) => !column)) continue;
    const origins = new Array<{ readonly part: number; readonly document: number }>(documents);
    for (const [part, { places }] of columns.entries())
      for (const [document, place] of places.entries()) if (place !== GONE) origins[place] = { part, document };
    fields.push({ name, type, value: (place) => columns[origins[place]!.part]!.column?.value(origins[place]!.document) });
  }
  return fields;
}

function mergeTokens(parts: readonly Part[], form: TokenForm, documents: number): SegmentSource["tokens"] {
  return {
    counts: mergeCounts(parts, documents),
    records: () => kept(parts, ({ tokens }) => tokens!.records()),
    sketches: form === "int8" ? () => kept(parts, ({ tokens }) => tokens!.sketches()) : null,
  };
}

function mergeCounts(parts: readonly Part[], documents: number): Uint16Array {
  const counts = new Uint16Array(documents);
  for (const { files, places } of parts) for (const [document, place] of places.entries()) if (place !== GONE) counts[place] = files.tokens!.counts[document]!;
  return counts;
}

async function mergeLengths(parts: readonly Part[], documents: number): Promise<Uint32Array> {
  const lengths = new Uint32Array(documents);
  for (const { files, places } of parts) {
    const before = await files.words!.lengths();
    for (const [document, place] of places.entries()) if (place !== GONE) lengths[place] = before[document]!;
  }
  return lengths;
}

/** Walks the dictionaries together, by rising term. */
function mergeLists(parts: readonly Part[], file: (files: SegmentFiles) => PostingsFile): TermLists {
  return {
    async *[Symbol.asyncIterator]() {
      const sources = parts.map(({ files, places }) => ({ lists: file(files).lists(), places, head: null as readonly [number, ListCursor] | null }));
      const step = async (source: (typeof sources)[number]) => {
        source.head = (await source.lists.next()).value ?? null;
      };
      for (const source of sources) await step(source);
      for (;;) {
        const term = sources.reduce((least, { head }) => (head && head[0] < least ? head[0] : least), Number.POSITIVE_INFINITY);
        if (term === Number.POSITIVE_INFINITY) return;
        const documents: number[] = [];
        const values: number[] = [];
        for (const source of sources) {
          if (source.head?.[0] !== term) continue;
          for (const cursor = source.head[1]; cursor.document !== LIST_END; cursor.next()) {
            const place = source.places[cursor.document]!;
            if (place === GONE) continue;
            documents.push(place);
            values.push(cursor.value);
          }
          await step(source);
        }
        yield [term, { documents, values }] as const;
      }
    },
  };
}
