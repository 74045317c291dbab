/** The same page in several languages is one answer: its best version leads, the others stand by. */
import type { RankedPage } from "./rank.ts";

/** At least one version, best first. */
export type Answer = readonly [RankedPage, ...RankedPage[]];

/** Answers in the order of their best versions. */
export function groupByPage(pages: readonly RankedPage[]): Answer[] {
  const answers = new Map<string, [RankedPage, ...RankedPage[]]>();
  for (const page of pages) {
    const answer = answers.get(page.id);
    if (answer) answer.push(page);
    else answers.set(page.id, [page]);
  }
  return [...answers.values()];
}
