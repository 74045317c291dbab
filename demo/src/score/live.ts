/** What is computed from what is typed: after a pause, with the model that is there, and only the newest. */
import type { M3 } from "bge-m3-web";
import { pause } from "../pause.ts";
import { PAUSE_MS } from "../search.ts";

export type Outcome<T> =
  /** There is nothing to compute. */
  | { readonly kind: "empty" }
  /** `last` is what was computed before. */
  | { readonly kind: "computing"; readonly last: T | null }
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown };

export class Live<T> {
  readonly #tell: (outcome: Outcome<T>) => void;
  #underway: AbortController | null = null;
  #last: T | null = null;

  constructor(tell: (outcome: Outcome<T>) => void) {
    this.#tell = tell;
  }

  /** Computes anew. @param m3 null: it waits for a later call @param work null: there is nothing to compute */
  async compute(m3: M3 | null, work: ((m3: M3, signal: AbortSignal) => Promise<T>) | null): Promise<void> {
    this.#underway?.abort();
    if (work === null) return this.#tell({ kind: "empty" });
    this.#tell({ kind: "computing", last: this.#last });
    if (m3 === null) return;
    this.#underway = new AbortController();
    const { signal } = this.#underway;
    try {
      await pause(PAUSE_MS, signal);
      this.#last = await work(m3, signal);
      if (!signal.aborted) this.#tell({ kind: "done", value: this.#last });
    } catch (error) {
      if (!signal.aborted) this.#tell({ kind: "failed", error });
    }
  }
}
