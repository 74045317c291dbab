/** What scores MaxSim: the WASM kernels, the GPU, or (in tests) the reference. */
import type { TokenVectors } from "#core/embedding.ts";
import type { TokenMatrix } from "./token-matrix.ts";

/** Documents where the backend can score them, until disposed of. */
export interface LoadedDocuments {
  readonly documents: number;
  /** One score a document: the mean over query tokens of the largest dot product with any of its tokens; 0 where a side has no tokens. */
  score(query: TokenVectors): Promise<Float32Array>;
  dispose(): void;
}

export interface MaxsimBackend {
  readonly name: string;
  load(documents: TokenMatrix): LoadedDocuments;
}
