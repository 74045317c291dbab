/** What an index holds, told without a query: counts, a sample of its documents, how many documents a vocabulary id is in. */
import { compileFilter, type Filter, selectDocuments } from "./fields/filter.ts";
import type { DocumentRecord } from "./segment/document-file.ts";
import type { LiveSegment, Snapshot } from "./snapshot.ts";

/** In how many documents terms are. Documents that were deleted count until their segment is merged. */
export interface TermFrequencies {
  readonly documents: number;
  /** Of each term, in the order asked for. */
  readonly frequencies: readonly number[];
}

/** Live documents that meet a filter. @throws InvalidInputError for a filter on an unknown field */
export async function countDocuments({ meta, segments }: Snapshot, filter: Filter): Promise<number> {
  const tests = compileFilter(filter, meta.fields);
  let count = 0;
  for (const { files, deletions } of segments) {
    const { documents } = files.documents;
    const columns = await Promise.all(tests.map(async (test) => ({ test, column: await files.documents.column(test.field) })));
    const selected = selectDocuments(columns, documents);
    for (let document = 0; document < documents; document++) if ((selected[document >> 3]! >> (document & 7)) & 1 && !deletions.has(document)) count++;
  }
  return count;
}

/** About so many live documents, evenly spread. */
export async function sampleDocuments(snapshot: Snapshot, count: number): Promise<DocumentRecord[]> {
  const total = snapshot.segments.reduce((sum, { entry }) => sum + entry.documents, 0);
  const step = Math.max(1, total / count);
  const sample: DocumentRecord[] = [];
  let first = 0;
  for (const segment of snapshot.segments) {
    const documents: number[] = [];
    for (let turn = Math.ceil(first / step); Math.floor(turn * step) < first + segment.entry.documents; turn++) documents.push(Math.floor(turn * step) - first);
    const live = documents.filter((document) => document >= 0 && !segment.deletions.has(document));
    sample.push(...(await segment.files.documents.read(live)));
    first += segment.entry.documents;
  }
  return sample;
}

/** From the counts of words where the index has them, else from the lexical weights; undefined when it has neither. */
export async function termFrequencies({ segments }: Snapshot, terms: readonly number[]): Promise<TermFrequencies | undefined> {
  const filesOf = ({ files }: LiveSegment) => files.words ?? files.lexical;
  if (segments.some((segment) => !filesOf(segment))) return undefined;
  const lists = await Promise.all(segments.map((segment) => Promise.all(terms.map((term) => filesOf(segment)!.frequency(term)))));
  return {
    documents: segments.reduce((sum, { entry }) => sum + entry.documents, 0),
    frequencies: terms.map((_, place) => lists.reduce((sum, list) => sum + list[place]!, 0)),
  };
}
