/**
 * What a head reads of a token: its last hidden state, and, where the first layer has twice as many inputs, after it the first one: the embeddings after their
 * LayerNorm. That one knows which token it is, and so how rare; the last layers of an encoder forget much of it.
 */
import type { HeadLayer, Manifest } from "./manifest.ts";

export function readsFirstState(layers: readonly HeadLayer[], hiddenSize: number): boolean {
  return layers[0]?.inputs === 2 * hiddenSize;
}

/** Whether any head of a model does. */
export function anyReadsFirstState({ heads, architecture }: Pick<Manifest, "heads" | "architecture">): boolean {
  return [heads.lexical, heads.colbert].some((head) => head !== null && readsFirstState(head.layers, architecture.hiddenSize));
}
