/** Bench reports as text for a terminal. */
import type { BenchReport, Cell, Ratio, Table } from "./bench.ts";
import type { Machine } from "./machine.ts";

export function printReport(name: string, machine: Machine, report: BenchReport): string {
  const versions = Object.entries(report.versions ?? {}).map(([key, value]) => `${key} ${value}`);
  return [
    `${name} · ${machine.date} · commit ${machine.commit}`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB · ${machine.system} · node ${machine.node} · load ${machine.loadBefore.toFixed(2)} before the run`,
    ...(versions.length > 0 ? [versions.join(" · ")] : []),
    ...report.tables.map((table) => `\n${printTable(table)}`),
    ...(report.notes?.length ? ["", ...report.notes.map((line) => `· ${line}`)] : []),
    "",
    ...report.ratios.map(printRatio),
  ].join("\n");
}

export function printTable({ title, columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(printCell));
  const widths = columns.map((column, index) => Math.max(width(column), ...cells.map((row) => width(row[index] ?? ""))));
  const isNumeric = columns.map((_, index) => rows.every((row) => typeof row[index] !== "string"));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const gap = " ".repeat((widths[index] ?? 0) - width(cell));
        return isNumeric[index] ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  return [title, line(columns), widths.map((count) => "─".repeat(count)).join("  "), ...cells.map(line)].join("\n");
}

export function printRatio({ name, value, aim, atMost, unit = "×" }: Ratio): string {
  const figure = `${name}: ${printNumber(value)}${unit}`;
  if (aim === undefined) return figure;
  const met = atMost ? value <= aim : value >= aim;
  return `${figure} (aim ${atMost ? "≤" : "≥"} ${aim}${unit}: ${met ? "met" : "NOT met"})`;
}

function printCell(cell: Cell): string {
  if (cell === null) return "–";
  return typeof cell === "number" ? printNumber(cell) : cell;
}

/** Three significant figures, but whole numbers whole. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** Columns on a terminal; combining marks and wide characters do not occur in our tables. */
function width(text: string): number {
  return [...text].length;
}
