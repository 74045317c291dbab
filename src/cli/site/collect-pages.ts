/** The pages of a built site, or of a file of documents: HTML, Markdown and JSON Lines, in the order of their paths. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { InvalidInputError, M3Error } from "#core/errors.ts";
import { tidyPage } from "#site/check-page.ts";
import { readHtml } from "#site/html.ts";
import { readJsonLine } from "#site/json-documents.ts";
import { readMarkdown } from "#site/markdown.ts";
import type { SitePage } from "#site/page.ts";

export interface SkippedFile {
  /** Path, with the line where it is one line. */
  readonly file: string;
  readonly reason: string;
}

export interface CollectOptions {
  /** Told of every file that is passed over because it is broken. */
  readonly onSkipped: (skipped: SkippedFile) => void;
  /** "keep" names pages as their files; "clean" drops "index.html" and ".html", as hosts do that show pages without. Default "keep". */
  readonly urls?: "keep" | "clean" | undefined;
  readonly signal?: AbortSignal | undefined;
}

const HTML = /\.x?html?$/i;
const MARKDOWN = /\.(md|markdown)$/i;
const JSON_LINES = /\.(jsonl|ndjson)$/i;
const SKIPPED_FOLDERS = new Set(["node_modules"]);
/** Of what `copy-assets` puts into a site: one for each of the bundles (tools/build/bundles.ts). */
const LICENCES = /^licenses-[a-z]+\.md$/;
/** A file that is larger is no page. */
const LARGEST_PAGE_BYTES = 32 << 20;

/**
 * @param source a folder, or a file of JSON Lines, HTML or Markdown
 * @throws InvalidInputError when there is no such file or folder
 */
export async function* collectPages(source: string, options: CollectOptions): AsyncGenerator<SitePage> {
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError("SOURCE", `a folder or file that can be read (${cause.code ?? cause.message})`, source);
  });
  const root = found.isDirectory() ? source : path.dirname(source);
  for (const file of found.isDirectory() ? await filesOf(source) : [source]) {
    options.signal?.throwIfAborted();
    yield* readPages(root, file, options);
  }
}

/** Without `recursive`: Node 20's `opendir` loses what is beyond the first 32 entries of a folder then, and hidden folders need not be read at all. */
async function filesOf(folder: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || SKIPPED_FOLDERS.has(entry.name)) continue;
      const file = path.join(next, entry.name);
      if (entry.isDirectory()) folders.push(file);
      else if (entry.isFile() && isPage(entry.name)) files.push(file);
    }
  }
  return files.sort();
}

function isPage(name: string): boolean {
  return !LICENCES.test(name) && (HTML.test(name) || MARKDOWN.test(name) || JSON_LINES.test(name));
}

async function* readPages(root: string, file: string, { onSkipped, urls = "keep" }: CollectOptions): AsyncGenerator<SitePage> {
  const relative = path.relative(root, file).split(path.sep).join("/");
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    return onSkipped({ file: relative, reason: reasonOf(error) });
  }
  if (JSON_LINES.test(file)) {
    for (const [index, line] of text.split("\n").entries()) {
      if (line.trim() === "") continue;
      const place = `${relative}, line ${index + 1}`;
      const page = attempt(() => readJsonLine(line, place), place, onSkipped);
      if (page) yield page;
    }
    return;
  }
  const read = HTML.test(file) ? readHtml : readMarkdown;
  const page = attempt(() => read(text, urlOf(relative, urls)), relative, onSkipped);
  if (page) yield page;
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.length > LARGEST_PAGE_BYTES) throw new InvalidInputError("the file", `at most ${LARGEST_PAGE_BYTES} bytes long`, bytes.length);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new M3Error("invalid-input", "it is not UTF-8. Save it as UTF-8.", { file }, { cause });
  }
}

function attempt(read: () => SitePage | null, file: string, onSkipped: CollectOptions["onSkipped"]): SitePage | null {
  try {
    const page = read();
    return page && tidyPage(page);
  } catch (error) {
    onSkipped({ file, reason: reasonOf(error) });
    return null;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where a host shows a file. Markdown is shown as the HTML page that a site generator makes of it. */
function urlOf(relative: string, urls: "keep" | "clean"): string {
  const page = relative.replace(MARKDOWN, ".html").replace(/(^|\/)README\.html$/i, "$1index.html");
  const shown = urls === "clean" ? page.replace(/(^|\/)index\.x?html?$/i, "$1").replace(HTML, "") : page;
  // An address that is empty would be that of whatever page links there.
  return shown === "" ? "./" : shown.split("/").map(encodeURIComponent).join("/");
}
