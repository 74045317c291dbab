/** What the bench asks: two titles of GNOME Help pages in each of ten languages, always the same. */
import { readFileSync } from "node:fs";
import { seededRandom, shuffled } from "../harness/statistics.ts";

const CORPUS = "corpus/gnome-help";
const LANGUAGES = ["de", "el", "en", "es", "fa", "fr", "ja", "ko", "ru", "zh-CN"];
const PER_LANGUAGE = 2;
const SEED = 20_261_123;

export interface Query {
  readonly language: string;
  readonly text: string;
}

/** In an order that mixes languages: the first N are a fair sample too. */
export function deliveryQueries(): Query[] {
  const random = seededRandom(SEED);
  const chosen = LANGUAGES.map((language) => shuffled(readTitles(`${CORPUS}/${language}.jsonl`), random).slice(0, PER_LANGUAGE));
  return Array.from({ length: PER_LANGUAGE }, (_, turn) => LANGUAGES.map((language, index) => ({ language, text: chosen[index]![turn]! }))).flat();
}

function readTitles(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { title: string }).title);
}
