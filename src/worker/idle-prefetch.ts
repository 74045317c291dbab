/**
 * Reads pages of the embedding table while nobody waits for anything: one at a time, and none as long as a call is under way. So the next question finds more
 * of its tokens here. A failure ends it without a word: whoever needs the page will ask for it, and be told.
 *
 * Workers have no requestIdleCallback; idle is here when no call has come for a while.
 */

import type { Manifest } from "#core/manifest.ts";
import type { EmbeddingTable } from "#encoder/embedding-table.ts";
import { allPages, hotPages } from "#encoder/hot-pages.ts";
import type { PrefetchChoice } from "./protocol.ts";

/** Somebody who types a question asks again within this time. */
const QUIET_MS = 1000;

export interface IdlePrefetchOptions {
  /** Numbers of the pages, in the order of reading. */
  readonly pages: readonly number[];
  readonly read: (page: number) => Promise<void>;
  readonly isBusy: () => boolean;
  /** Default 1,000. */
  readonly quietMs?: number | undefined;
}

export class IdlePrefetch {
  readonly #options: IdlePrefetchOptions;
  #next = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;

  constructor(options: IdlePrefetchOptions) {
    this.#options = options;
  }

  /** A call has ended: begins, or goes on, when none follows. */
  callEnded(): void {
    clearTimeout(this.#timer);
    const { pages, isBusy, quietMs = QUIET_MS } = this.#options;
    if (this.#next < pages.length && !isBusy()) this.#timer = setTimeout(() => void this.#readOn(), quietMs);
  }

  async #readOn(): Promise<void> {
    const { pages, read, isBusy } = this.#options;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#next < pages.length && !isBusy()) await read(pages[this.#next++]!);
    } catch {
      this.#next = pages.length;
    } finally {
      this.#reading = false;
    }
  }
}

/**
 * Does what the caller of `load` chose.
 * @returns when all pages are here, for "all"; what reads on when nothing else is to be done, for "hot"
 * @throws as EmbeddingTable.prefetch, for "all"
 */
export async function prefetchPages(
  choice: PrefetchChoice = "hot",
  embeddings: Pick<EmbeddingTable, "prefetch">,
  manifest: Manifest,
  { signal, isBusy }: { readonly signal: AbortSignal; readonly isBusy: () => boolean },
): Promise<IdlePrefetch | undefined> {
  if (choice === "all") await embeddings.prefetch(allPages(manifest), { signal });
  if (choice !== "hot" || !mayPrefetch(globalThis.navigator)) return undefined;
  return new IdlePrefetch({ pages: hotPages(manifest), read: (page) => embeddings.prefetch([page]), isBusy });
}

interface NetworkInformation {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
}

/**
 * Whether this reader wants bytes that may never be needed: not with "save data", and not on a line that the next question will want for itself.
 * @param navigator the worker's; browsers without network information, and Node, tell nothing
 */
export function mayPrefetch(navigator: object | undefined): boolean {
  const { connection } = (navigator ?? {}) as { readonly connection?: NetworkInformation };
  return !connection?.saveData && !/2g$/.test(connection?.effectiveType ?? "");
}
