/** The texts of the encode bench: a fixed choice of mixed-length GNOME Help pages, evenly over its 11 languages, in a fixed mixed order. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { seededRandom, shuffled } from "../harness/statistics.ts";

const CORPUS = "corpus/gnome-help";
const SEED = 20_260_301;
export const TEXT_COUNT = 400;

/** Title and body of 400 pages. The first N of them are a fair sample too: the order is shuffled over languages and lengths. */
export function benchTexts(): string[] {
  const random = seededRandom(SEED);
  const languages = readdirSync(CORPUS)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .map((file) => shuffled(readPages(path.join(CORPUS, file)), random));
  const chosen: string[] = [];
  for (let turn = 0; chosen.length < TEXT_COUNT; turn++) {
    for (const pages of languages) {
      const page = pages[turn];
      if (page !== undefined && chosen.length < TEXT_COUNT) chosen.push(page);
    }
  }
  return shuffled(chosen, random);
}

function readPages(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const { title, body } = JSON.parse(line) as { title: string; body: string };
      return `${title}\n${body}`;
    });
}
