/** Results as rows, which the page shows and the copied text holds. */
import { type BackendFailure, type BackendResult, nameOf } from "./measure.ts";

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface ResultTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const COLUMNS = ["backend", "tokens of a text", "texts of a call", "tokens/s", "texts/s", "ms a call", "calls"] as const;

/** A row for each combination; one for a backend that does not run. */
export function resultTable(results: readonly (BackendResult | BackendFailure)[]): ResultTable {
  const rows = results.flatMap((result) => {
    const name = nameOf(result.backend);
    if ("reason" in result) return [[name, ...COLUMNS.slice(1).map(() => "–")]];
    return result.speeds.map(({ tokens, texts, tokensPerSecond, callMs, calls }) => [
      name,
      String(tokens),
      String(texts),
      rounded(tokensPerSecond),
      rounded(tokensPerSecond / tokens),
      rounded(callMs),
      String(calls),
    ]);
  });
  return { columns: COLUMNS, rows };
}

/** About each backend: what ran, how long it took to load, why it did not run. */
export function backendFacts(results: readonly (BackendResult | BackendFailure)[]): Fact[] {
  return results.map((result) => {
    const name = nameOf(result.backend);
    if ("reason" in result) return { name, value: `does not run: ${result.reason}` };
    const { device, loadMs, firstQueryMs } = result;
    const threads = device.backend === "wasm" ? `, ${device.threads} ${device.threads === 1 ? "thread" : "threads"}` : "";
    return {
      name,
      value: `${device.engine}; ${device.precision}${threads}; ready after ${rounded(loadMs)} ms, the first question took ${rounded(firstQueryMs)} ms`,
    };
  });
}

/** What is copied: facts as a list, figures as a table. */
export function toMarkdown(facts: readonly Fact[], { columns, rows }: ResultTable): string {
  const cells = (values: readonly string[]) => `| ${values.map((value) => value.replaceAll("|", "\\|")).join(" | ")} |`;
  const list = facts.map(({ name, value }) => `- ${name}: ${value.replaceAll("\n", " ")}`);
  return [...list, "", cells(columns), cells(columns.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(cells), ""].join("\n");
}

/** Three figures. */
export function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
