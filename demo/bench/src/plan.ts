/** What is to be measured. */

export type BackendName = "webgpu" | "webgpu-fp16" | "wasm";

export interface Plan {
  readonly backends: readonly BackendName[];
  /** Tokens of a text, special tokens and prompt included. */
  readonly lengths: readonly number[];
  /** Texts of a call. */
  readonly sizes: readonly number[];
  /** How long each combination is measured at least, in milliseconds. */
  readonly leastMs: number;
}

/** Enough for a coarse clock and an unsteady machine, little enough for a dozen combinations. */
export const LEAST_MS = 1500;

const MOST = 10_000;

/** @returns null when it is no list of whole numbers from 1 */
export function parseNumbers(text: string): number[] | null {
  const parts = text
    .split(/[\s,;]+/)
    .filter((part) => part !== "")
    .map(Number);
  const areFine = parts.length > 0 && parts.every((part) => Number.isInteger(part) && part >= 1 && part <= MOST);
  return areFine ? [...new Set(parts)].sort((a, b) => a - b) : null;
}
