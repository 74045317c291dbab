/** What a loaded model is, for people and programs: `m3.info`. */
import type { Manifest } from "./manifest.ts";

/** What a model is and can do, as its manifest says. */
export interface ModelInfo {
  readonly name: string;
  readonly license: string;
  /** Where the weights come from. */
  readonly source: string;
  /** How the weights are stored. */
  readonly dtype: "fp32" | "fp16" | "q8" | "q4";
  /** Changes when anything that changes a vector changes: keep it beside stored vectors. */
  readonly fingerprint: string;
  /** Most tokens that the model reads of a text. */
  readonly maxTokens: number;
  /** Put before a text of that kind; "" for none. */
  readonly prompts: { readonly query: string; readonly passage: string };
  /** Numbers in a dense vector, and in a ColBERT vector; null when the model has no such head. */
  readonly dims: { readonly dense: number; readonly colbert: number | null };
  /** Whether the model gives lexical weights. */
  readonly lexical: boolean;
}

/** The part of a manifest that is for callers. */
export function modelInfo({ name, license, source, dtype, fingerprint, maxTokens, prompts, architecture, heads }: Manifest): ModelInfo {
  const dims = { dense: architecture.hiddenSize, colbert: heads.colbert?.dim ?? null };
  return { name, license, source, dtype, fingerprint, maxTokens, prompts, dims, lexical: heads.lexical !== null };
}
