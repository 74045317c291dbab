/**
 * What a bench is: a module `bench/NAME.bench.ts` (or `bench/ROOM/NAME.bench.ts`) that exports `summary`, `run` and, where it has options of its own, `options`.
 *
 * `run.ts` finds it, adds machine, date and versions, and prints the report as text or JSON. A bench prints nothing to stdout itself: progress goes to
 * stderr through {@link note}.
 */

/** Options of a bench on the command line, in the terms of node:util's parseArgs. */
export type BenchOptionSpecs = Readonly<Record<string, { readonly type: "string" | "boolean"; readonly help: string }>>;

/** What was given on the command line: strings and booleans by name, absent when not given. */
export type BenchOptions = Readonly<Record<string, string | boolean | undefined>>;

export interface BenchModule {
  /** One line for the list of benches. */
  readonly summary: string;
  readonly options?: BenchOptionSpecs;
  run(options: BenchOptions): Promise<BenchReport>;
}

/** A cell: numbers are right-aligned and rounded to three figures in text, kept whole in JSON. Null prints as "–". */
export type Cell = string | number | null;

export interface Table {
  readonly title: string;
  /** Column heads, with the unit: "texts/s". */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What a bench ends with: how many times better than the other side, the aim, and whether it is met. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  /** The value must be at least this (or at most, see `atMost`). */
  readonly aim?: number;
  /** True when smaller is better. */
  readonly atMost?: boolean;
  /** What the value is counted in, where it is no ratio: " MB". Default "×". */
  readonly unit?: string;
}

export interface BenchReport {
  readonly tables: readonly Table[];
  readonly ratios: readonly Ratio[];
  /** Sentences that a reader needs in order not to misread the figures. */
  readonly notes?: readonly string[];
  /** Versions of what was compared, beside those that `run.ts` prints always. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Raw figures for --json. */
  readonly raw?: unknown;
}

/** A line of progress on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A whole number > 0 from an option, or the default. @throws Error when it is something else. */
export function countOption(options: BenchOptions, name: string, fallback: number): number {
  const given = options[name];
  if (given === undefined) return fallback;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0, but it is ${String(given)}.`);
  return value;
}
