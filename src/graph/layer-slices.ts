/**
 * A long text takes minutes, in which a single graph could neither say how far it is nor be stopped. So models that read long texts are cut into graphs of one
 * layer each on WebAssembly: what passes from one to the next is a text's hidden states, 4 kB a token.
 */
import type { Architecture, Manifest } from "#core/manifest.ts";
import type { LayerRange } from "./target.ts";

/** Models that read at most so many tokens are done with a text in a second or two. */
const SHORT_TOKENS = 1024;

/** Weights in the layers of a model that may be made at once: what is made of stored weights lies in memory beside them until the graph is made. */
const SMALL_WEIGHTS = 64e6;

/** @param atATime layers of one graph; default all of them for small models of short texts, one for others */
export function layerSlices({ architecture, maxTokens }: Pick<Manifest, "architecture" | "maxTokens">, atATime?: number): LayerRange[] {
  const layers = architecture.numHiddenLayers;
  const atOnce = maxTokens <= SHORT_TOKENS && layers * weightsOfLayer(architecture) <= SMALL_WEIGHTS;
  return slices(architecture, atATime ?? (atOnce ? layers : 1));
}

function weightsOfLayer({ hiddenSize, intermediateSize }: Architecture): number {
  return (4 * hiddenSize + 2 * intermediateSize) * hiddenSize;
}

function slices({ numHiddenLayers }: Architecture, atATime: number): LayerRange[] {
  const ranges: LayerRange[] = [];
  for (let first = 0; first < numHiddenLayers; first += atATime) ranges.push({ first, end: Math.min(numHiddenLayers, first + atATime) });
  return ranges;
}
