/** One row of the encode bench, and the table of them. */
import type { Table } from "../harness/bench.ts";
import type { SideName } from "./contenders.ts";

/** Some calls of one side. */
export interface Row {
  readonly side: SideName;
  /** How it was called: "one at a time", "lists of 32", "the whole list (400)". */
  readonly calls: string;
  readonly texts: number;
  /** Tokens of those texts as the model reads them, prompt and special tokens included. */
  readonly tokens: number;
  /** Tokens computed: with padding. Null when not known. */
  readonly computedTokens: number | null;
  readonly seconds: number;
  readonly loadSeconds: number;
  /** Highest resident memory of the process that computes, since its start. Null where the system does not tell. */
  readonly peakMiB: number | null;
}

export function tokensPerSecond({ tokens, seconds }: Row): number {
  return tokens / seconds;
}

export function rowsTable(rows: readonly Row[]): Table {
  return {
    title: "Encoding GNOME Help pages, m3-mini",
    columns: ["side", "calls", "texts", "texts/s", "tokens/s", "padding", "load s", "peak MiB"],
    rows: rows.map((row) => [
      row.side,
      row.calls,
      row.texts,
      row.texts / row.seconds,
      tokensPerSecond(row),
      row.computedTokens === null ? null : row.computedTokens / row.tokens,
      row.loadSeconds,
      row.peakMiB,
    ]),
  };
}
