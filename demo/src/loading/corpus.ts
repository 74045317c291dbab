/** One language of the corpus: the pages' text and their vectors. */
import type { Bytes } from "../state.ts";
import { type PageVectors, readVectors } from "../vectors/read.ts";
import { fetchBytes } from "./fetch-bytes.ts";

export interface Page {
  readonly id: string;
  readonly lang: string;
  readonly title: string;
  readonly description: string;
  /** Lines of the text, without the title. */
  readonly lines: readonly string[];
}

export interface Corpus {
  readonly language: string;
  /** In the order of the vectors' rows. */
  readonly pages: readonly Page[];
  readonly vectors: PageVectors;
}

const textUrls = import.meta.glob<string>("../../../corpus/gnome-help/*.jsonl", { query: "?url", import: "default", eager: true });

/** @throws Error with a sentence for people when a file is missing, or the two files do not belong together. */
export async function loadCorpus(language: string, onBytes: (bytes: Bytes) => void): Promise<Corpus> {
  const textUrl = textUrls[`../../../corpus/gnome-help/${language}.jsonl`];
  if (!textUrl) throw new Error(`There are no pages in "${language}".`);
  const parts: [Bytes, Bytes] = [
    { loaded: 0, total: 0 },
    { loaded: 0, total: 0 },
  ];
  const report = (part: 0 | 1) => (bytes: Bytes) => {
    parts[part] = bytes;
    onBytes({ loaded: parts[0].loaded + parts[1].loaded, total: parts[0].total + parts[1].total });
  };
  const [text, bytes] = await Promise.all([fetchBytes(textUrl, report(0)), fetchBytes(`./demo-data/gnome-help/${language}.bin`, report(1))]);
  const pages = new TextDecoder().decode(text).trim().split("\n").map(parsePage);
  const vectors = readVectors(bytes);
  if (vectors.pages.length !== pages.length || vectors.pages.some((id, row) => id !== pages[row]!.id)) {
    throw new Error(`Text and vectors of the pages in "${language}" are of different versions. Run npm run build:corpus.`);
  }
  return { language, pages, vectors };
}

function parsePage(line: string): Page {
  const { id, lang, title, description, body } = JSON.parse(line) as Record<string, string>;
  return { id: id!, lang: lang!, title: title!, description: description!, lines: body!.split("\n") };
}
