/** Numbers and failures in words. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function megabytes(bytes: number): string {
  return tenths.format(bytes / 1_000_000);
}

export function milliseconds(value: number): string {
  return `${value < 10 ? tenths.format(value) : whole.format(value)} ms`;
}

export function count(value: number, one: string, many: string): string {
  return `${whole.format(value)} ${value === 1 ? one : many}`;
}

/** The package's errors name the remedy themselves. */
export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stable code of one of the package's errors. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
