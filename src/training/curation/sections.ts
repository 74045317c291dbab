/** What of a page can be asked for, and what answers it: its title, its headings, its first paragraph. */
import type { Page } from "./page.ts";

export type PairKind = "title" | "section" | "lead" | "cross";

export interface Candidate {
  readonly kind: PairKind;
  readonly page: Page;
  readonly query: string;
  readonly passage: string;
}

/** A line this short, and without an end of a sentence, is taken for a heading. */
const HEADING_CHARACTERS = 70;
const SENTENCE_END = /[.!?:;,…。！？：；，、।]["'”»)]?$/u;
/** A first paragraph this long can be a question about the rest. */
const LEAD_CHARACTERS = { least: 24, most: 400 };

export function candidatesOf(page: Page, isBoilerplate: (line: string) => boolean): Candidate[] {
  const lines = page.body
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== page.title && !isBoilerplate(line));
  const [lead = "", ...rest] = lines;
  const candidates: Candidate[] = [{ kind: "title", page, query: page.title, passage: lines.join("\n") }];
  if (lead.length >= LEAD_CHARACTERS.least && lead.length <= LEAD_CHARACTERS.most && SENTENCE_END.test(lead)) {
    candidates.push({ kind: "lead", page, query: lead, passage: rest.join("\n") });
  }
  for (let at = 0; at < lines.length; at++) {
    if (!isHeading(lines[at]!)) continue;
    let end = at + 1;
    while (end < lines.length && !isHeading(lines[end]!)) end++;
    if (end > at + 1) candidates.push({ kind: "section", page, query: lines[at]!, passage: lines.slice(at + 1, end).join("\n") });
  }
  return candidates;
}

function isHeading(line: string): boolean {
  return line.length <= HEADING_CHARACTERS && !SENTENCE_END.test(line);
}

/** Lines that many pages of a language have: menus, notes, "To access this command…". @returns per language the lines */
export function boilerplateLines(pages: readonly Page[], { leastPages = 10, leastShare = 0.01 } = {}): Map<string, Set<string>> {
  const counts = new Map<string, Map<string, number>>();
  const sizes = new Map<string, number>();
  for (const { lang, body } of pages) {
    sizes.set(lang, (sizes.get(lang) ?? 0) + 1);
    const ofLanguage = counts.get(lang) ?? new Map<string, number>();
    counts.set(lang, ofLanguage);
    for (const line of new Set(body.split("\n").map((text) => text.trim()))) ofLanguage.set(line, (ofLanguage.get(line) ?? 0) + 1);
  }
  const isFrequent = (lang: string, count: number) => count >= Math.max(leastPages, leastShare * sizes.get(lang)!);
  return new Map([...counts].map(([lang, lines]) => [lang, new Set([...lines].flatMap(([line, count]) => (isFrequent(lang, count) ? [line] : [])))]));
}
