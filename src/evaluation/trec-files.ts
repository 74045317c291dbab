/** Judgements and runs in the files that evaluation campaigns publish: text in, maps out. */
import { InvalidInputError } from "#core/errors.ts";
import type { LineSource } from "./datasets/dataset.ts";
import type { Judgements, Qrels } from "./judgements.ts";

/**
 * Judgements of TREC ("query 0 document relevance") or of BEIR ("query-id<tab>corpus-id<tab>score" with that head line).
 * @throws InvalidInputError with the line that is neither
 */
export function parseQrels(text: string, name = "the judgements"): Qrels {
  const qrels = new Map<string, Map<string, number>>();
  for (const [index, line] of text.split("\n").entries()) addJudgement(qrels, line, index + 1, name);
  return qrels;
}

/** As {@link parseQrels}, from a file's lines. @throws InvalidInputError */
export async function readQrels({ name, lines }: LineSource): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  let number = 0;
  for await (const line of lines) addJudgement(qrels, line, ++number, name);
  return qrels;
}

function addJudgement(qrels: Map<string, Map<string, number>>, line: string, number: number, name: string): void {
  // BEIR's ids may have blanks in them; with tabs between the fields these are no separators.
  const parts = line.trim().split(line.trim().includes("\t") ? "\t" : /\s+/);
  if (parts[0] === "" || (number === 1 && parts[0] === "query-id")) return;
  const [query, document, relevance] = parts.length === 4 ? [parts[0], parts[2], parts[3]] : parts;
  if (parts.length < 3 || parts.length > 4 || !/^-?\d+$/.test(relevance ?? ""))
    throw new InvalidInputError(`line ${number} of ${name}`, "query, document and relevance", line);
  const judgements = qrels.get(query!) ?? new Map<string, number>();
  qrels.set(query!, judgements);
  judgements.set(document!, Number(relevance));
}

/** A run of TREC ("query Q0 document rank score name"): scores by document by query. The ranks are not read, as trec_eval does not. @throws InvalidInputError */
export function parseRun(text: string): ReadonlyMap<string, Judgements> {
  const run = new Map<string, Map<string, number>>();
  for (const [index, line] of text.split("\n").entries()) {
    const parts = line.trim().split(/\s+/);
    if (parts[0] === "") continue;
    const score = Number(parts[4]);
    if (parts.length !== 6 || Number.isNaN(score)) throw new InvalidInputError(`line ${index + 1} of the run`, "query Q0 document rank score name", line);
    const scores = run.get(parts[0]!) ?? new Map<string, number>();
    run.set(parts[0]!, scores);
    scores.set(parts[2]!, score);
  }
  return run;
}
