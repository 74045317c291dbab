/** Failures in words. */

/** The package's errors name the remedy themselves. */
export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stable code of one of the package's errors. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
