/** The command `evaluate`, without its command line: sets in, a report out. */
import type { ProgressListener } from "#core/progress.ts";
import { renderPlot } from "#evaluation/plot.ts";
import { evaluateSet, type Form, type SetOptions, type SetParts, type SetResult } from "./evaluate-set.ts";
import type { NamedSet } from "./read-sets.ts";
import { FORM_NAMES, find, meansOverSets } from "./report.ts";

export const DEFAULT_MEASURES = ["nDCG@10", "MRR@10", "recall@10", "recall@100"] as const;

export interface EvaluateOptions extends Omit<SetOptions, "onProgress"> {
  readonly onProgress?: ProgressListener | undefined;
}

/** @throws as evaluateSet; InvalidInputError for a file */
export async function evaluateSets(sets: readonly NamedSet[], parts: SetParts, options: EvaluateOptions): Promise<SetResult[]> {
  const results: SetResult[] = [];
  for (const set of sets) {
    options.signal?.throwIfAborted();
    const dataset = await set.read(options.signal);
    const totalCharacters = [...dataset.documents.map(({ text }) => text), ...dataset.queries.values()].reduce((sum, { length }) => sum + length, 0);
    const startedAt = performance.now();
    const result = await evaluateSet(set.name, dataset, parts, {
      ...options,
      onProgress: ({ phase, done, total, computedCharacters = 0 }) => {
        // What the cache has takes next to no time, so the rest is told by what had to be computed.
        const share = totalCharacters > 0 ? computedCharacters / totalCharacters : 0;
        const remainingMs = share > 0 && done < total ? ((performance.now() - startedAt) / share) * (1 - done / total) : undefined;
        options.onProgress?.({ phase, loaded: done, total, unit: phase === "encode" ? "texts" : "steps", file: set.name, remainingMs });
      },
    });
    results.push(result);
  }
  return results;
}

/** @param title what was evaluated */
export function plotOf(sets: readonly SetResult[], measure: string, title: string): string {
  const means = meansOverSets(sets);
  const forms = (Object.keys(FORM_NAMES) as Form[]).filter((form) => means.some((mean) => mean.form === form));
  const systems = [...new Set(means.map(({ system }) => system))];
  return renderPlot({
    title,
    axis: measure,
    series: forms.map((form) => FORM_NAMES[form]),
    rows: systems.map((label) => ({
      label,
      points: forms.flatMap((form, series) => {
        const mean = find(means, label, form);
        return mean ? [{ series, value: mean.means[measure]!, single: sets.map(({ results }) => find(results, label, form)!.means[measure]!) }] : [];
      }),
    })),
  });
}
