/** The layouts in which evaluation sets are published, by name: lines in, a dataset out. */
import { InvalidInputError } from "#core/errors.ts";
import { readQrels } from "../trec-files.ts";
import { readBeirCorpus, readBeirQrels, readBeirQueries } from "./beir.ts";
import type { Dataset, LineSource } from "./dataset.ts";
import { readMiraclCorpus, readMiraclTopics } from "./miracl.ts";
import { judgeByAnswers, readMkqaCorpus, readMkqaQuestions } from "./mkqa.ts";
import { readMldrCorpus, readMldrQueries } from "./mldr.ts";

export interface DatasetFiles {
  /** One, or the parts of one that was published in several. */
  readonly corpus: readonly LineSource[];
  readonly queries: LineSource;
  /** MLDR and MKQA have their judgements with the queries. */
  readonly qrels?: LineSource | undefined;
  /** Of the questions, for MKQA's mkqa.jsonl. */
  readonly language?: string | undefined;
}

const READERS = {
  beir: async ({ corpus, queries, qrels }) => ({
    documents: await readBeirCorpus(corpus),
    queries: await readBeirQueries(queries),
    qrels: await readBeirQrels(required(qrels, "beir")),
  }),
  miracl: async ({ corpus, queries, qrels }) => ({
    documents: await readMiraclCorpus(corpus),
    queries: await readMiraclTopics(queries),
    qrels: await readQrels(required(qrels, "miracl")),
  }),
  mldr: async ({ corpus, queries }) => ({ documents: await readMldrCorpus(corpus), ...(await readMldrQueries(queries)) }),
  mkqa: async ({ corpus, queries, language }) => {
    const documents = await readMkqaCorpus(corpus);
    const questions = await readMkqaQuestions(queries, language);
    return { documents, queries: new Map([...questions].map(([id, { text }]) => [id, text])), qrels: judgeByAnswers(questions, documents) };
  },
} satisfies Record<string, (files: DatasetFiles) => Promise<Dataset>>;

export type Layout = keyof typeof READERS;

export const LAYOUTS = Object.keys(READERS) as readonly Layout[];

/** @throws InvalidInputError that names file and line of what is wrong, or a file that is missing */
export async function readDataset(layout: Layout, files: DatasetFiles): Promise<Dataset> {
  const dataset = await READERS[layout](files);
  if (dataset.documents.length === 0)
    throw new InvalidInputError(`The corpus (${files.corpus.map(({ name }) => name).join(", ")})`, "at least one document", []);
  return dataset;
}

function required(source: LineSource | undefined, layout: string): LineSource {
  if (source) return source;
  throw new InvalidInputError("qrels", `given, as the layout "${layout}" has the judgements in a file of their own`, undefined);
}
