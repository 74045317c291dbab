/** Corpora as all four layouts have them: {ID, "title" (or none), "text"} a line, in one file or several. */
import type { CorpusText, LineSource } from "./dataset.ts";
import { jsonRecords, putNew } from "./records.ts";

/** @param idNames the names that the id may have; the first that a line has counts @throws InvalidInputError */
export async function readCorpus(sources: readonly LineSource[], idNames: readonly string[]): Promise<CorpusText[]> {
  const texts = new Map<string, string>();
  for (const source of sources) {
    for await (const record of jsonRecords(source)) {
      const id = record.id(idNames.find((name) => record.has(name)) ?? idNames[0]!);
      const title = record.has("title") ? record.text("title") : "";
      putNew(texts, id, `${title} ${record.text("text")}`.trim(), record.place);
    }
  }
  return [...texts].map(([id, text]) => ({ id, text }));
}
