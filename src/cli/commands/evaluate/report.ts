/** What an evaluation found, over all its sets, and as text for a terminal. */
import type { Form, SetResult, SystemResult } from "./evaluate-set.ts";

export const FORM_NAMES: Readonly<Record<Form, string>> = { exact: "exact", int8: "int8", bits: "1 bit" };

/** Means over the sets, each set counting the same, of what all of them have. */
export function meansOverSets(sets: readonly SetResult[]): SystemResult[] {
  const inAll = (sets[0]?.results ?? []).filter((result) => sets.every((set) => find(set.results, result.system, result.form)));
  return inAll.map(({ system, form, means }) => {
    const mean = (measure: string) => sets.reduce((sum, { results }) => sum + find(results, system, form)!.means[measure]!, 0) / sets.length;
    return { system, form, means: Object.fromEntries(Object.keys(means).map((measure) => [measure, mean(measure)])) };
  });
}

export function find(results: readonly SystemResult[], system: string, form: Form): SystemResult | undefined {
  return results.find((result) => result.system === system && result.form === form);
}

/** @param measures the first is compared in all forms, the others are told for exact scores */
export function formatReport(sets: readonly SetResult[], measures: readonly string[]): string {
  const [main] = measures;
  const [only] = sets;
  if (sets.length === 1) return [describeSet(only!), "", formatResults(only!.results, measures)].join("\n");
  const systems = systemNames(only!.results.filter(({ form }) => form === "exact"));
  const rows = sets.map(({ name, queries, documents, results }) => [
    name,
    String(queries),
    String(documents),
    ...systems.map((system) => figure(find(results, system, "exact")?.means[main!])),
  ]);
  return [
    ...sets.filter(({ missing }) => missing > 0).map(describeSet),
    `Means over ${sets.length} sets`,
    "",
    formatResults(meansOverSets(sets), measures),
    "",
    `${main} of each set, exact`,
    "",
    formatColumns(["set", "queries", "documents", ...systems], rows),
  ].join("\n");
}

function describeSet({ name, documents, queries, truncated, missing, indexBytes }: SetResult): string {
  const sizes = Object.entries(indexBytes).map(([form, bytes]) => `${(bytes / documents).toFixed(0)} bytes a document (${FORM_NAMES[form as Form]})`);
  return [
    `${name}: ${queries} queries, ${documents} documents`,
    ...(truncated > 0 ? [`${truncated} documents cut`] : []),
    ...(missing > 0 ? [`${missing} judged documents are not in the corpus and cannot be found`] : []),
    ...sizes,
  ].join(", ");
}

function formatResults(results: readonly SystemResult[], measures: readonly string[]): string {
  const forms = (Object.keys(FORM_NAMES) as Form[]).filter((form) => results.some((result) => result.form === form));
  const [main, ...others] = measures;
  const heads = ["", ...forms.map((form) => (form === "exact" ? main! : FORM_NAMES[form])), ...others];
  const rows = systemNames(results).map((system) => {
    const exact = find(results, system, "exact")?.means;
    return [system, ...forms.map((form) => figure(find(results, system, form)?.means[main!])), ...others.map((measure) => figure(exact?.[measure]))];
  });
  return formatColumns(heads, rows);
}

function systemNames(results: readonly SystemResult[]): string[] {
  return [...new Set(results.map(({ system }) => system))];
}

function figure(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(4);
}

/** The first column to the left, numbers to the right. */
function formatColumns(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ");
  return [heads, ...rows].map((row) => line(row).trimEnd()).join("\n");
}
