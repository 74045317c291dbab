/**
 * MLDR (Chen et al. 2024): corpus.jsonl {"docid", "text"}; test.jsonl {"query_id", "query", "positive_passages": [{"docid", "text"}], "negative_passages"},
 * queries and judgements in one file.
 */
import type { Judgements } from "../judgements.ts";
import { readCorpus } from "./corpus.ts";
import type { CorpusText, LineSource } from "./dataset.ts";
import { jsonRecords, putNew } from "./records.ts";

export async function readMldrCorpus(sources: readonly LineSource[]): Promise<CorpusText[]> {
  return await readCorpus(sources, ["docid"]);
}

/** @throws InvalidInputError */
export async function readMldrQueries(source: LineSource): Promise<{ readonly queries: Map<string, string>; readonly qrels: Map<string, Judgements> }> {
  const queries = new Map<string, string>();
  const qrels = new Map<string, Judgements>();
  for await (const record of jsonRecords(source)) {
    const id = record.id("query_id");
    putNew(queries, id, record.text("query"), record.place);
    qrels.set(id, new Map(record.records("positive_passages").map((passage) => [passage.id("docid"), 1])));
  }
  return { queries, qrels };
}
