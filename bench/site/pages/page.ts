/** What the pages have in common: the language in their address, and the id of a page of GNOME Help in its address. */
import type { SiteSide } from "../protocol.ts";

export const language = new URL(location.href).searchParams.get("lang") ?? "en";
document.documentElement.lang = language;

/** "…/en/files-rename.html" as "files-rename". */
export function idOf(url: string): string {
  return /([^/]+)\.html/.exec(url)![1]!;
}

export function offer(bench: SiteSide): void {
  Object.assign(globalThis, { bench });
}

export async function timed(answer: () => Promise<readonly string[]>): Promise<{ ids: readonly string[]; ms: number }> {
  const start = performance.now();
  const ids = await answer();
  return { ids, ms: performance.now() - start };
}
