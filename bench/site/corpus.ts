/** GNOME Help as a built site: one HTML page a page, with or without its title and description. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface HelpPage {
  readonly id: string;
  readonly lang: string;
  readonly title: string;
  readonly description: string;
  readonly body: string;
}

export interface HelpSite {
  readonly languages: readonly string[];
  /** Without: for questions that are titles and descriptions, which are then no part of what is to be found. */
  readonly withTitles: boolean;
}

export function readPages(language: string): HelpPage[] {
  const lines = readFileSync(`corpus/gnome-help/${language}.jsonl`, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

const escapeHtml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

export function htmlOf({ lang, title, description, body }: HelpPage, withTitles: boolean): string {
  const head = withTitles ? `<title>${escapeHtml(title)}</title><meta name="description" content="${escapeHtml(description).replaceAll('"', "&quot;")}">` : "";
  const paragraphs = body.split("\n").map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  const heading = withTitles ? `<h1>${escapeHtml(title)}</h1>` : "";
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8">${head}</head><body><main>${heading}${paragraphs.join("\n")}</main></body></html>`;
}

/** Writes `LANG/ID.html` below a folder that is made anew. */
export function writeSite(folder: string, { languages, withTitles }: HelpSite): void {
  rmSync(folder, { recursive: true, force: true });
  for (const language of languages) {
    mkdirSync(path.join(folder, language), { recursive: true });
    for (const page of readPages(language)) writeFileSync(path.join(folder, language, `${page.id}.html`), htmlOf(page, withTitles));
  }
}
