/** Where documents of given ids are in a snapshot. */
import type { Snapshot } from "./snapshot.ts";

export interface Location {
  readonly segment: number;
  readonly document: number;
}

/** The live document of each id that there is. */
export async function locate(snapshot: Snapshot, ids: Iterable<string>): Promise<Map<string, Location>> {
  const wanted = [...new Set(ids)];
  const found = new Map<string, Location>();
  for (const [segment, { files, deletions }] of snapshot.segments.entries()) {
    const candidates = await Promise.all(wanted.map((id) => files.documents.candidates(id)));
    const documents = candidates.flat().filter((document) => !deletions.has(document));
    const records = await files.documents.read(documents);
    const idsByDocument = new Map(records.map(({ id }, index) => [documents[index]!, id]));
    for (const [index, id] of wanted.entries()) {
      // Hashes can agree by chance: the record has the last word.
      const document = candidates[index]!.find((candidate) => idsByDocument.get(candidate) === id);
      if (document !== undefined) found.set(id, { segment, document });
    }
  }
  return found;
}
