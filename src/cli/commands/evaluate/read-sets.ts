/** Evaluation sets from the file system: plain or gzipped files of any layout, or whole folders in BEIR's. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { createGunzip } from "node:zlib";
import { InvalidInputError } from "#core/errors.ts";
import type { Dataset, LineSource } from "#evaluation/datasets/dataset.ts";
import { type Layout, readDataset } from "#evaluation/datasets/layouts.ts";
import { splitLines } from "../../json-lines.ts";

export interface NamedSet {
  readonly name: string;
  /** Reads it: sets may be large, and one is at work at a time. @throws InvalidInputError that names file and line */
  read(signal?: AbortSignal): Promise<Dataset>;
}

export interface SetFiles {
  readonly layout: Layout;
  readonly corpus: readonly string[];
  readonly queries: string;
  readonly qrels?: string | undefined;
  readonly language?: string | undefined;
}

export function setOfFiles({ layout, corpus, queries, qrels, language }: SetFiles): NamedSet {
  return {
    name: path.basename(queries).replace(/(\.(jsonl|tsv|json|gz))+$/, ""),
    read: async (signal) => {
      for (const file of [...corpus, queries, ...(qrels === undefined ? [] : [qrels])]) await checkFile(file);
      return await readDataset(layout, {
        corpus: corpus.map((file) => sourceOf(file, signal)),
        queries: sourceOf(queries, signal),
        qrels: qrels === undefined ? undefined : sourceOf(qrels, signal),
        language,
      });
    },
  };
}

/** A folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. */
export function setOfFolder(folder: string, split: string): NamedSet {
  const file = (name: string) => path.join(folder, name);
  const files = setOfFiles({ layout: "beir", corpus: [file("corpus.jsonl")], queries: file("queries.jsonl"), qrels: file(`qrels/${split}.tsv`) });
  return { ...files, name: path.basename(path.resolve(folder)) };
}

/** @throws InvalidInputError */
async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new InvalidInputError(file, "a file that can be read", found ? "a folder" : "not there");
}

function sourceOf(file: string, signal: AbortSignal | undefined): LineSource {
  return { name: file, lines: linesOf(file, signal) };
}

async function* linesOf(file: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const stream = createReadStream(file);
  const unzip = file.endsWith(".gz") ? createGunzip() : null;
  const plain = unzip ? stream.on("error", (error) => unzip.destroy(error)).pipe(unzip) : stream;
  try {
    for await (const { line } of splitLines(plain, signal)) yield line;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_"))) throw cause;
    throw new InvalidInputError(file, `a gzip file (${cause.message})`, "damaged");
  } finally {
    stream.destroy();
  }
}
