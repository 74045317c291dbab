/**
 * MIRACL (Zhang et al. 2023): corpus docs-N.jsonl {"docid", "title", "text"}, topics.miracl-v1.0-LANG-dev.tsv "qid<tab>query" without a head line, and
 * qrels.miracl-v1.0-LANG-dev.tsv "qid Q0 docid relevance".
 */
import { InvalidInputError } from "#core/errors.ts";
import { readCorpus } from "./corpus.ts";
import type { CorpusText, LineSource } from "./dataset.ts";
import { putNew } from "./records.ts";

export async function readMiraclCorpus(sources: readonly LineSource[]): Promise<CorpusText[]> {
  return await readCorpus(sources, ["docid"]);
}

/** @throws InvalidInputError */
export async function readMiraclTopics({ name, lines }: LineSource): Promise<Map<string, string>> {
  const topics = new Map<string, string>();
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const place = `${name}, line ${number}`;
    const tab = line.indexOf("\t");
    const query = line.slice(tab + 1).trim();
    if (tab < 1 || query === "") throw new InvalidInputError(place, "a topic's id, a tab and its text", line);
    putNew(topics, line.slice(0, tab).trim(), query, place);
  }
  return topics;
}
