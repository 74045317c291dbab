/** What the third part shows. */
import type { AdaptReport, SearchResult, TrainingPoint } from "bge-m3-web";
import type { Outcome } from "../score/live.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import type { Reason } from "./unreadable.ts";

export interface Skipped {
  readonly path: string;
  readonly reason: Reason;
  readonly detail: string;
}

export type Work =
  | { readonly kind: "reading"; readonly done: number; readonly total: number; readonly path: string }
  | { readonly kind: "encoding"; readonly done: number; readonly total: number; readonly remainingMs: number | undefined }
  | { readonly kind: "finishing" };

/** What became of an addition or a removal. */
export type Report =
  | { readonly kind: "added"; readonly files: number; readonly cancelled: boolean; readonly skipped: readonly Skipped[]; readonly error: unknown }
  | { readonly kind: "removed"; readonly path: string }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Found {
  readonly query: string;
  readonly result: SearchResult;
  readonly ms: number;
}

export type AdaptationStep = "prepare" | "encode" | "train" | "evaluate" | "index";

/** The training of heads on the files. */
export type Adaptation =
  | { readonly kind: "none" | "undone" }
  | {
      readonly kind: "underway";
      readonly step: AdaptationStep;
      readonly done: number;
      readonly total: number;
      readonly remainingMs: number | undefined;
      /** Points of the learning curves so far. */
      readonly curve: readonly TrainingPoint[];
    }
  | { readonly kind: "done"; readonly report: AdaptReport }
  | { readonly kind: "failed"; readonly error: unknown };

export interface FilesState {
  readonly adaptation: Adaptation;
  /** The files are searched with heads that were trained on them. */
  readonly adapted: boolean;
  readonly index: { readonly kind: "waiting" | "opening" | "ready" } | { readonly kind: "failed"; readonly error: unknown };
  readonly files: readonly CatalogueEntry[];
  /** Null: nothing is going on. */
  readonly work: Work | null;
  readonly report: Report | null;
  readonly query: string;
  readonly found: Outcome<Found>;
}
