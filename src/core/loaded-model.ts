import type { Manifest } from "./manifest.ts";
import type { TensorSource } from "./tensor-source.ts";

/** A model whose manifest is checked and whose bytes can be read: what the delivery side hands to the encoder and the runtime. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly tensors: TensorSource;
  /** Reads the tokenizer's vocabulary file (`manifest.tokenizer`), verified. */
  readTokenizer(options?: { readonly signal?: AbortSignal | undefined }): Promise<Uint8Array>;
}
