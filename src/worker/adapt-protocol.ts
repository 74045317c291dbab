/** What crosses when heads are trained in the page. Types only. */
import type { HeadScores } from "#training/evaluate-heads.ts";
import type { DevRecord, StepRecord } from "#training/trainer.ts";
import type { IndexRequest } from "./index-protocol.ts";

export type { HeadScores, RankingScores } from "#training/evaluate-heads.ts";

/** A question and what it should find, in FlagEmbedding's format for fine-tuning. */
export interface AdaptPair {
  readonly query: string;
  /** Texts that the question should find: at least one. */
  readonly pos: readonly string[];
  /** Texts that it should not find although they look alike. Passages of other pairs are negatives anyway. */
  readonly neg?: readonly string[] | undefined;
  /** A better model's scores of `pos` and `neg`, as many as those; both or neither. */
  readonly pos_scores?: readonly number[] | undefined;
  readonly neg_scores?: readonly number[] | undefined;
  /** What the pair is about: pairs with the same id are no negatives of one another, and are held out together. */
  readonly id?: string | undefined;
  /** Pairs learn beside pairs of their group, such as a language: a negative must not be told by its language. */
  readonly group?: string | undefined;
}

/** How heads are adapted. */
export interface AdaptSettings {
  /** How often every pair is seen. Default 4. */
  readonly epochs?: number | undefined;
  /** Peak of the learning rate. Default 0.0005. */
  readonly learningRate?: number | undefined;
  /** Most pairs of a batch. Default 32. */
  readonly batchPairs?: number | undefined;
  /** Tokens that are read of a text, prompt and special tokens included. Default 128. */
  readonly maxLength?: number | undefined;
  /** Part of the documents (of the pairs' ids) that is held out to judge the heads by, from 0.05 to 0.5. Default 0.2. */
  readonly heldOut?: number | undefined;
  /** Of an index: most pairs that are made of it. Default 2,000. */
  readonly maxPairs?: number | undefined;
  /** Of an index: the field that tells a document's language. Default "lang"; documents without it are all of one language. */
  readonly languageField?: string | undefined;
  /** Of an index: languages to take. Default all. */
  readonly languages?: readonly string[] | undefined;
  /** The same seed, texts and options give the same heads. Default 1. */
  readonly seed?: number | undefined;
  /** Whether the model takes the new heads over when they are no better on the held-out pairs than its own: "ifBetter" (default) or "always". */
  readonly adopt?: "ifBetter" | "always" | undefined;
}

/** What became of `m3.adapt`. */
export interface AdaptReport {
  /** Whether the model runs with the new heads now: not when they were no better, unless that was asked for. */
  readonly adopted: boolean;
  /** Whether the next `M3.load` with `heads: "adapted"` finds them. False where this browser stores nothing. */
  readonly stored: boolean;
  /** Pairs that were learnt from, that the best step was chosen by, and that were held out; and what was left out when they were made of an index. */
  readonly pairs: { readonly train: number; readonly dev: number; readonly heldOut: number; readonly dropped: number };
  /** What the model's own heads are worth on the held-out pairs. */
  readonly before: HeadScores;
  /** What the new ones are worth on the same. */
  readonly after: HeadScores;
  /** The learning curves: losses of all steps, and mean reciprocal ranks on the dev pairs. */
  readonly curves: { readonly steps: readonly StepRecord[]; readonly dev: readonly DevRecord[] };
  /** Step whose heads were the best on the dev pairs; 0 when no step made them better. */
  readonly bestStep: number;
  /** Step that a run was taken up at that had been broken off before; 0 for a run of its own. */
  readonly resumedAt: number;
}

/** Where pairs come from: given, and checked in the worker; or made of the texts of an index. */
export type AdaptSource = { readonly kind: "pairs"; readonly pairs: readonly unknown[] } | { readonly kind: "index"; readonly request: IndexRequest };

/** Which heads a model runs with: its own; those that were trained on this device, where there are any; or those of a file, for a worker that takes another's place. */
export type HeadsRequest = "shipped" | "adapted" | { readonly file: Uint8Array<ArrayBuffer> };
