/** Real texts for the report: pages with titles. A page's title is a query, to which the page is the answer. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError } from "#core/errors.ts";
import { splitLines } from "../../json-lines.ts";
import { packageRoot } from "../../package-root.ts";

export interface Page {
  readonly title: string;
  readonly body: string;
}

/** GNOME Help in 11 languages, which a checkout of this package has and the published one has not. */
export const CHECKOUT_CORPUS = path.join(packageRoot(), "corpus/gnome-help");

/**
 * @param folder of `.jsonl` files with a `title` and a `body` a line, a file a language
 * @param perFile most pages of each file, spread over it
 * @throws InvalidInputError when there are no such pages; the signal's reason
 */
export async function readPages(folder: string, perFile: number, signal?: AbortSignal): Promise<Page[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".jsonl")).sort();
  const pages: Page[] = [];
  for (const file of files) {
    const all: Page[] = [];
    for await (const { line } of splitLines(createReadStream(path.join(folder, file)), signal)) {
      if (line.trim() === "") continue;
      const { title, body } = JSON.parse(line) as Partial<Page>;
      if (typeof title !== "string" || typeof body !== "string") throw new InvalidInputError(path.join(folder, file), "lines of {title, body}", line);
      if (title !== "" && body !== "") all.push({ title, body });
    }
    const count = Math.min(perFile, all.length);
    for (let index = 0; index < count; index++) pages.push(all[Math.floor((index * all.length) / count)]!);
  }
  if (pages.length === 0) throw new InvalidInputError("--report-corpus", "a folder of .jsonl files with {title, body} lines", folder);
  return pages;
}
