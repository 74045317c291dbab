/** Everything that the page shows. */
import type { M3, ProgressNotice } from "bge-m3-web";
import type { Corpus } from "./loading/corpus.ts";
import type { Preset } from "./presets.ts";
import type { Answer } from "./ranking/group.ts";
import type { Ranking } from "./ranking/rank.ts";

export interface Bytes {
  readonly loaded: number;
  readonly total: number;
}

export type Loading<T> =
  | { readonly kind: "loading"; readonly bytes: Bytes | null; readonly step: "download" | "prepare" }
  | { readonly kind: "ready"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown };

/** A question that was answered. */
export interface Answers {
  readonly query: string;
  readonly answers: readonly Answer[];
  readonly ranking: Ranking;
  /** Text and weight of each token id that the question gives weight to. */
  readonly tokens: ReadonlyMap<number, QueryToken>;
  /** From the call to the vectors, the way to the worker and back included. Null when the vectors were there already. */
  readonly encodeMs: number | null;
  readonly rankMs: number;
}

export interface QueryToken {
  readonly text: string;
  readonly weight: number;
}

export type SearchState =
  | { readonly kind: "idle" }
  | { readonly kind: "searching"; readonly last: Answers | null }
  | { readonly kind: "answered"; readonly last: Answers }
  | { readonly kind: "failed"; readonly error: unknown };

export interface State {
  readonly query: string;
  /** Codes of the languages to search. */
  readonly languages: readonly string[];
  readonly preset: Preset;
  readonly model: Loading<M3>;
  /** What was otherwise than one would think when the model was loaded. */
  readonly notices: readonly ProgressNotice[];
  /** By language code; only languages that were asked for. */
  readonly corpora: ReadonlyMap<string, Loading<Corpus>>;
  readonly search: SearchState;
}
