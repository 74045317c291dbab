/**
 * BEIR (Thakur et al. 2021): corpus.jsonl {"_id", "title", "text"}, queries.jsonl {"_id", "text"}, qrels/SPLIT.tsv "query-id corpus-id score" under that head.
 */
import type { Qrels } from "../judgements.ts";
import { readQrels } from "../trec-files.ts";
import { readCorpus } from "./corpus.ts";
import type { CorpusText, LineSource } from "./dataset.ts";
import { jsonRecords, putNew } from "./records.ts";

export async function readBeirCorpus(sources: readonly LineSource[]): Promise<CorpusText[]> {
  return await readCorpus(sources, ["_id"]);
}

/** @throws InvalidInputError */
export async function readBeirQueries(source: LineSource): Promise<Map<string, string>> {
  const queries = new Map<string, string>();
  for await (const record of jsonRecords(source)) putNew(queries, record.id("_id"), record.text("text"), record.place);
  return queries;
}

/** @throws InvalidInputError */
export async function readBeirQrels(source: LineSource): Promise<Qrels> {
  return await readQrels(source);
}
