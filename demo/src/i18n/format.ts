/** Numbers, sizes and times, as the interface's language writes them. */
import { locale } from "./language.ts";

const formats = new Map<string, Intl.NumberFormat>();

function format(value: number, options: Intl.NumberFormatOptions): string {
  const key = `${locale()} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.NumberFormat(locale(), options);
  formats.set(key, known);
  return known.format(value);
}

export function whole(value: number): string {
  return format(value, { maximumFractionDigits: 0 });
}

/** With that many digits after the point. */
export function decimal(value: number, digits: number): string {
  return format(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Millions of bytes, without a unit. */
export function megabytes(bytes: number): string {
  return decimal(bytes / 1e6, 1);
}

/** With the unit that fits: "0.3 kB", "1.4 MB", "10.8 GB". */
export function bytes(value: number): string {
  const [unit, size] = value < 1e6 ? (["kilobyte", 1e3] as const) : value < 1e9 ? (["megabyte", 1e6] as const) : (["gigabyte", 1e9] as const);
  return format(value / size, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: value / size < 100 ? 1 : 0 });
}

export function milliseconds(value: number): string {
  return `${value < 10 ? decimal(value, 1) : whole(value)} ms`;
}

/** Rounded as one guesses: seconds below a minute and a half, else minutes. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const [value, unit] = seconds < 90 ? [seconds, "second"] : [Math.round(seconds / 60), "minute"];
  return format(value, { style: "unit", unit, unitDisplay: "long" });
}

export function date(time: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(time);
}
