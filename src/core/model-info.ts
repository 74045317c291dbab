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
  /** Of the model as it was published: that of `LoadOptions.revision`. The same as `fingerprint` for a model with its own heads. */
  readonly baseFingerprint: string;
  /** Whether the lexical and the ColBERT head are those that the model came with, or were trained on this device (`m3.adapt`). */
  readonly heads: "shipped" | "adapted";
  /** Most tokens that the model reads of a text. */
  readonly maxTokens: number;
  /** Put before a text of that kind; "" for none. */
  readonly prompts: { readonly query: string; readonly passage: string };
  /** Numbers in a dense vector, and in a ColBERT vector; null when the model has no such head. */
  readonly dims: { readonly dense: number; readonly colbert: number | null };
  /** Whether the model gives lexical weights. */
  readonly lexical: boolean;
}

/** The part of a manifest that is for callers. @param baseFingerprint of the model with its own heads */
export function modelInfo(manifest: Manifest, baseFingerprint: string = manifest.fingerprint): ModelInfo {
  const { name, license, source, dtype, fingerprint, maxTokens, prompts, architecture, heads } = manifest;
  const dims = { dense: architecture.hiddenSize, colbert: heads.colbert?.dim ?? null };
  const which = fingerprint === baseFingerprint ? "shipped" : "adapted";
  return { name, license, source, dtype, fingerprint, baseFingerprint, heads: which, maxTokens, prompts, dims, lexical: heads.lexical !== null };
}
