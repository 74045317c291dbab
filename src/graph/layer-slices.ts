/**
 * A long text takes minutes, in which a single graph could neither say how far it is nor be stopped. So models that read long texts are cut into graphs of one
 * layer each on WebAssembly: what passes from one to the next is a text's hidden states, 4 kB a token.
 */
import type { Architecture, Manifest } from "#core/manifest.ts";
import type { LayerRange } from "./target.ts";

/** Models that read at most so many tokens are done with a text in a second or two. */
const SHORT_TOKENS = 1024;

/** @param atATime layers of one graph; default all of them for models of short texts, one for others */
export function layerSlices({ architecture, maxTokens }: Pick<Manifest, "architecture" | "maxTokens">, atATime?: number): LayerRange[] {
  const layers = architecture.numHiddenLayers;
  return slices(architecture, atATime ?? (maxTokens <= SHORT_TOKENS ? layers : 1));
}

function slices({ numHiddenLayers }: Architecture, atATime: number): LayerRange[] {
  const ranges: LayerRange[] = [];
  for (let first = 0; first < numHiddenLayers; first += atATime) ranges.push({ first, end: Math.min(numHiddenLayers, first + atATime) });
  return ranges;
}
