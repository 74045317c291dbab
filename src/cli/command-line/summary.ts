/** What a command over lines tells at its end. */
import type { ProgressLine } from "../progress-line.ts";
import type { OutputOptions } from "./shared-options.ts";
import type { Surroundings } from "./surroundings.ts";

export interface LineSummary {
  readonly texts: number;
  readonly tokens: number;
  readonly truncated: number;
}

/** To standard error, as standard output may carry the lines: one JSON object with --json, otherwise a sentence where somebody watches. */
export function tellSummary(
  verb: string,
  summary: LineSummary & Readonly<Record<string, unknown>>,
  startedAt: number,
  { stderr }: Surroundings,
  { json, quiet }: OutputOptions,
  progress: ProgressLine,
): void {
  const seconds = (performance.now() - startedAt) / 1000;
  progress.clear();
  if (json) stderr.write(`${JSON.stringify({ ...summary, seconds: Number(seconds.toFixed(3)) })}\n`);
  else if (!quiet && stderr.isTTY) {
    const { texts, tokens, truncated } = summary;
    const cut = truncated > 0 ? `, ${truncated} of them cut` : "";
    stderr.write(`${verb} ${texts} texts${cut}, ${tokens} tokens, in ${seconds.toFixed(1)} s\n`);
  }
}
